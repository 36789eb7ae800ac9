"""A network as it is rendered with: its layers, their layout, folding, and running it up to a layer."""
