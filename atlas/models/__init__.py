"""Vision models: where they come from, which layers and units they have, and running them up to a layer."""
