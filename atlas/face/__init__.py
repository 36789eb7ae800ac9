"""What stands behind :mod:`atlas.api`: from what a person says to models, targets and photos, and words back."""

import os

# Read by torch's OpenMP when it is loaded. By default its threads spin while they wait for each other, and on cores
# that others use as well a step takes twice as long or more. With little spinning it does not, and free cores lose
# nothing (measured with lite0 on 2 cores).
os.environ.setdefault("GOMP_SPINCOUNT", "5000")
