"""Numbers and geometry: margins, medians, comparisons, weights, distances. Pure: no input or output."""
