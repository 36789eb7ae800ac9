"""Settings: what is compared, by name, in the order of tables and sheets. A new one is a line here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from atlas.core.canonical import digest
from atlas.methods import methods
from atlas.methods.presets import spelled_out
from judging.judges import LITE0

MACO = {"steps": 128, "image_size": 320, "crops": 4, "resolution": 160, "crop_mean": 0.5, "crop_std": 0.15}
"""Of MACO: as many seconds as `natural` takes, with which it is compared."""
VIT = "vit"
BASELINE = {LITE0: "maco", VIT: "maco on the ViT"}
"""The setting that others are compared with, by the network that is rendered."""


@dataclass(frozen=True)
class Setting:
    """A method with its parameters, on a network.

    Attributes:
        name: for tables and sheets. network: ``lite0`` or ``vit``.
        parameters: of the method, those that differ from its defaults (or its preset's).
        preset: name of one of the method's presets; empty for none.
        photos: whether it is given the reference photos.
        goal: share ranked first that it is to reach, or None.
        budget: seconds of two cores a picture that it may take for the goal, or None.
    """

    name: str
    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    network: str = LITE0
    preset: str = ""
    photos: bool = False
    goal: float | None = None
    budget: float | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What :func:`atlas.render` is given besides targets, seed and photos."""
        preset = {"preset": self.preset} if self.preset else {}
        return {"method": self.method, "parameters": dict(self.parameters), **preset}

    @property
    def digest(self) -> str:
        """Of what a setting decides: what was changed of a method, its defaults or preset is rendered anew.

        Reference photos and the ViT's weights are not in it: a folder of pictures is for one of each.
        """
        method = methods.get(self.method)
        parameters = method.parameters.model_validate(spelled_out(method, self.parameters, self.preset or None))
        spelled = parameters.model_dump(mode="json")
        return digest([self.network, self.photos, method.name, method.version, spelled])[:16]


PUBLISHED = ("cbr", "deep_inversion", "feature_vis", "fourier", "maco", "plug_in_inversion", "vit_maximization")
"""Methods of others that render classes and have presets."""

SETTINGS = (
    *(Setting(f"{name}, {preset}", name, preset=preset) for name in PUBLISHED for preset in methods.get(name).presets),
    Setting("maco", "maco", MACO),
    Setting("natural, draft", "natural", preset="draft"),
    Setting("natural, standard", "natural", preset="standard", goal=0.6, budget=10),
    Setting("natural, fine", "natural", preset="fine", goal=0.75, budget=60),
    Setting("vital, draft", "vital", preset="draft", photos=True),
    Setting("vital, standard", "vital", preset="standard", photos=True, goal=0.9, budget=60),
    Setting("vital, fine", "vital", preset="fine", photos=True, goal=0.9, budget=60),
    Setting("maco on the ViT", "maco", MACO, network=VIT),
    Setting("natural, standard, on the ViT", "natural", preset="standard", network=VIT, goal=0.6),
    Setting("vital, standard, on the ViT", "vital", preset="standard", network=VIT, photos=True),
)
"""Goals are shares ranked first by the leading judge; budgets, those of ``PICTURES.md``."""


def chosen(names: Iterable[str], settings: Iterable[Setting] = SETTINGS) -> list[Setting]:
    """Return settings by name, or all.

    Raises:
        KeyError: there is no such setting; the text names those that there are.
    """
    by_name = {setting.name: setting for setting in settings}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise KeyError(f"no setting {', '.join(unknown)}; there are {', '.join(by_name)}")
    return [by_name[name] for name in names] or list(by_name.values())
