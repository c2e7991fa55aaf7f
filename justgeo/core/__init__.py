"""Values: what justgeo passes about. No input or output, no display."""
