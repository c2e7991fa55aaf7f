"""Outputs: ``results.json`` is the one truth; tables, the checklist and the page are read from it."""
