"""The live doors: what public services give, fetched, checked and recorded as they said it.

Nothing here makes a layer. A door writes bytes into a record (``records.py``) in a form that the readers beside this
package read (``files.py``, ``census.py``, ``osm.py``, ``gtfs.py``, ``rasters.py``), and says by which declaration. So a
run without a network is the same code on the same bytes.

Definitions
-----------
question
    Everything that decides which bytes come back: service, dataset, parameters, window. Its digest names the record.
ask
    A question with the door that answers it (``ask.py``).
record
    A folder of bytes with ``record.json`` beside them; whole or not there at all.
stale
    A record of the same label whose question was another one: an earlier boundary, an edited row of the catalogue.
"""
