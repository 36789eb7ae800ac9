"""The catalog: what a store holds, arranged as plain views that pages show."""
