"""One part of each kind that atlas takes from other packages, each in one file."""
