"""What tells one network from another: its modules, what they compute, and whether a gradient comes through."""
