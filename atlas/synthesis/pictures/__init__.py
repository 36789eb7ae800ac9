"""Pictures: what the optimiser moves, and what of natural photos is held fixed."""
