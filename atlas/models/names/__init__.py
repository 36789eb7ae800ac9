"""Names of a model's classes, in whatever form people have them."""
