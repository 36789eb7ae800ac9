"""Recipe: what a picture is, in one document that travels with it."""

from atlas.core.job import Frozen
from atlas.core.record import Record


class Recipe(Frozen):
    """All that is known of a picture but its pixels, in one document that travels with it.

    Attributes:
        name: e.g. ``goldfish`` or ``layer3.1:17``. model: the model's name. objective: what was maximised, in words.
        class_names: index to name of the classes that the record names.
        record: the store's record: the job with every parameter, trace, measurements, versions and device.
        message: why there is no picture; empty if there is one.
    """

    name: str
    model: str
    objective: str
    class_names: dict[int, str]
    record: Record
    message: str = ""
