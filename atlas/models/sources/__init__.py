"""Where models come from: one file for each kind of source, and the registry that other packages add theirs to."""
