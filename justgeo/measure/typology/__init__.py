"""The displacement typology over the tracts of a reference region: values, rules, chances, and its rivals.

Bates (2013), *Gentrification and Displacement Study*, doi:10.15760/report-01, in a two-vintage form (METHODS 5.2 and
5.3). Pure arithmetic: what it takes is in ``values``, whatever door it came through.
"""
