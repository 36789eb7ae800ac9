"""MethodCard: what a method does; written beside its code, kept in the store with what it made, read by the site."""

from pydantic import Field, JsonValue

from atlas.core.job import Frozen, TargetKind
from atlas.core.record import SCHEMA_VERSION


class Paper(Frozen):
    """Where a method comes from.

    Attributes:
        venue: where it appeared, or its number in an archive. equation: the definition or algorithm that is followed.
    """

    title: str
    authors: str
    year: int
    venue: str = ""
    url: str = Field(pattern=r"^https?://")
    equation: str = ""


class ParameterCard(Frozen):
    """One parameter of a method, for people.

    Attributes:
        meaning: what it is, beginning with a lower-case letter; no full stop.
        unit: of its values, such as ``px``; empty for a plain number, or what is no number.
        default: as it is written in a configuration; None is chosen for the model.
        allowed: which values are, in words.
    """

    name: str
    meaning: str
    unit: str = ""
    default: JsonValue = None
    allowed: str = ""


class Preset(Frozen):
    """Parameters of a method that are measured to go well together, under one name.

    Attributes:
        summary: what it is good for, and what was measured of it: seconds a picture, and how well it is recognised.
        parameters: those that it fills, as a configuration would; what it leaves out keeps its default.
    """

    summary: str = Field(min_length=1)
    parameters: dict[str, JsonValue] = Field(default_factory=dict)


def card_key(name: str, version: int) -> str:
    """Return what the card of that version of a method is called in a store."""
    return f"{name}-{version}"


class MethodCard(Frozen):
    """A method, for people.

    Attributes:
        name: as written in the configuration. version: raised whenever its pictures change.
        title: as people write it. summary: what it does, in one sentence.
        paragraphs: how it works. limits: how its pictures mislead, and where it differs from its paper.
        kinds: of targets that it renders. signs: of them; 1 raises a unit, -1 lowers it.
        needs: what a model must offer.
        from_photo: its pictures start from a photo, whatever their kind.
        perturbs: its pictures differ from their photo by what cannot be seen unless it is made stronger.
        seeded: whether its pictures depend on their seed.
        data: what data it brings, from whom, and under which licence; empty if none.
        unit: of its objective; ``activation`` is the unit's own.
        presets: name to what it fills.
    """

    schema_version: int = SCHEMA_VERSION
    name: str
    version: int = Field(ge=1)
    title: str = Field(min_length=1)
    summary: str = Field(min_length=1)
    paragraphs: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    paper: Paper | None = None
    kinds: tuple[TargetKind, ...] = ()
    signs: tuple[int, ...] = (1, -1)
    needs: tuple[str, ...] = ()
    from_photo: bool = False
    perturbs: bool = False
    seeded: bool = True
    data: str = ""
    unit: str = "activation"
    parameters: tuple[ParameterCard, ...] = ()
    presets: dict[str, Preset] = Field(default_factory=dict)

    @property
    def key(self) -> str:
        """What its file in the store is called: name and version."""
        return card_key(self.name, self.version)

    def meaning(self, parameter: str) -> str:
        """Return what a parameter means, with its unit; empty if there is none of that name."""
        found = next((one for one in self.parameters if one.name == parameter), None)
        return "" if found is None else f"{found.meaning} [{found.unit}]" if found.unit else found.meaning
