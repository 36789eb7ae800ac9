"""What a block asks of a model and its method, and why they cannot: said before anything runs."""

from atlas.config import RenderBlock
from atlas.core.job import PHOTO_KINDS, TargetKind
from atlas.errors import ConfigError
from atlas.methods import AnyMethod, MethodParameters, methods
from atlas.methods.base import REFERENCE_PHOTOS
from atlas.models.load import VisionModel
from atlas.plan.places import Place

NO_REFERENCES = 'needs reference photos; add a table [photos] with path = "a folder of photos"'


def check_method(
    block: RenderBlock, kind: TargetKind, method: AnyMethod, model: VisionModel, with_photos: bool
) -> None:
    """Look whether a method can render what a block asks of a model.

    Raises:
        ConfigError: it cannot; names the methods that can.
    """
    offers = model.offers | ({REFERENCE_PHOTOS} if with_photos else set())

    def refusal(other: AnyMethod) -> str | None:
        if kind not in other.kinds:
            return f"cannot render {_named(kind)}"
        if not other.signs.issuperset(block.signs):
            return f"cannot render what lowers {_named(kind)}"
        if block.photos and not other.takes_photo(kind):
            return f"renders {_named(kind)} from noise, not from photos"
        if not block.photos and other.takes_photo(kind):
            return 'renders photos; name some: photos = ["folder/*"]'
        if lacking := sorted(other.needs - offers - {REFERENCE_PHOTOS}):
            return f'needs {" and ".join(lacking)}, which model "{model.card.name}" does not have'
        if REFERENCE_PHOTOS in other.needs - offers:
            return NO_REFERENCES
        return None

    if kind in PHOTO_KINDS:
        given = {"units": block.units != "all", "position": block.position is not None, "sign": -1 in block.signs}
        if problems := [f"{key}: {_named(kind)} is of a whole layer; leave it out" for key in given if given[key]]:
            raise ConfigError(problems)
    if reason := refusal(method):
        able = [name for name, other in methods if refusal(other) is None]
        others = f"; {', '.join(able)} can" if able else ""
        raise ConfigError([f'method = "{block.method}" {reason}{others}'])


def check_references(method: str, given: bool) -> None:
    """Look whether there are reference photos for a method whose parameters ask for them.

    Raises:
        ConfigError: there are none.
    """
    if not given:
        raise ConfigError([f'method = "{method}" with these parameters {NO_REFERENCES}'])


def check_layers(method: AnyMethod, parameters: MethodParameters, places: list[Place], model: VisionModel) -> None:
    """Look whether gradients pass through every layer, and the parameters fit it.

    Raises:
        ConfigError: one does not.
    """
    if blindness := model.blindness(place.layer for place in places):
        raise ConfigError([f"layers: {blindness}"])
    layers = [model.card.layer(name) for name in dict.fromkeys(place.layer for place in places)]
    objections = [method.objection(parameters, layer, model) for layer in layers if layer is not None]
    if problems := [f"parameters.{objection}" for objection in objections if objection]:
        raise ConfigError(problems)


def _named(kind: TargetKind) -> str:
    return f"an {kind}" if kind == "inversion" else f"a {kind}"
