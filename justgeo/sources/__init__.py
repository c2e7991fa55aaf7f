"""Sources: the doors to files that others made. Each returns a layer with its provenance, or says why it cannot."""
