"""Documents: the JSON that is published, as models whose schemas are published with it."""
