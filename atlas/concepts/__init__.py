"""What photos tell about a network: its units on them, and the concepts of a class (CRAFT)."""
