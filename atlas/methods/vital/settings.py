"""VITAL's settings: its parameters, and the weights that the paper gives for the networks that it was tried on."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar

from pydantic import Field, field_validator

from atlas.core.model_card import ModelCard
from atlas.errors import ModelError, did_you_mean
from atlas.methods.parameters import PIXELS, SHARE, ResizedParameters, Shown

T = TypeVar("T")

PAPER: Literal["paper"] = "paper"
"""Value of a parameter that stands for what the paper gives for the model, or gives in general."""

BALANCED: Literal["balanced"] = "balanced"
"""Value of class_weights: each layer counts for the share of the variance to match that a picture misses there."""

CLASS_WEIGHTS: dict[str, tuple[float, ...]] = {
    "densenet121": (1, 1, 1, 1, 100),
    "convnext_base": (10, 1, 1, 1, 1),
    "vit_large_patch32": (1, 1, 1, 1, 0.1),
    "vit_l_32": (1, 1, 1, 1, 0.1),
}
"""Weights of stem and stages for class units (VITAL, section 1.1) by how an architecture's name begins; else all 1."""

CLASS_PENALTIES = {"vit_large_patch16": 3e-3, "vit_l_16": 3e-3, "vit_large_patch32": 3e-4, "vit_l_32": 3e-4}
"""Weights of total variation and norm for class units (authors' code), by how an architecture's name begins; else 0."""

LONGEST = 160
"""Longer side of what networks are shown that take it, pixels: half the time of 224, and pictures are no worse."""

SPECTRAL_RATE = 0.1
"""Step size for a spectrum's coefficients."""

PATCH_STRIDE = 0.8
"""Patches begin at multiples of this share of their side (CRAFT, which section 1.3 follows)."""


class VITALParameters(ResizedParameters):
    """Parameters of VITAL. Numbers without a source were found by trying on lite0, judged by another network.

    The paper's setting (section 1.1, else its authors' code's): ``steps = 2000``, ``parametrization = "pixels"``,
    ``class_weights = "paper"``, ``crops = 0``, ``values = 0`` and a ``resolution`` as large as the picture.
    """

    steps: int = Field(default=300, ge=1, le=100_000, description="steps of Adam (authors' code: 2000)")
    learning_rate: float | None = Field(
        default=None,
        gt=0,
        description=f"step size of Adam: 1 in the network's normalised input (paper), {SPECTRAL_RATE} for a spectrum's "
        "coefficients unless chosen",
    )
    warmup: int = Field(
        default=100,
        ge=0,
        le=100_000,
        description="steps in which the step size rises, a tenth of all at most, before it falls along a cosine to 0 "
        "(authors: 100)",
    )
    image_size: int | None = Field(
        default=None,
        ge=32,
        le=4096,
        description="side of the picture; the model's input unless chosen",
        json_schema_extra=PIXELS,
    )
    resolution: Shown | tuple[Shown, Shown] | None = Field(
        default=None,
        description=f"side at which the network is shown pictures and photos, or (height, width); unless chosen "
        f"{LONGEST}, or the model's input where that is smaller or the only size that it takes (paper: the model's "
        "input)",
        json_schema_extra=PIXELS,
    )
    jitter: int = Field(
        default=30,
        ge=0,
        le=4000,
        description="largest random shift of the picture, around its edges (authors: 30)",
        json_schema_extra=PIXELS,
    )
    crops: int = Field(
        default=1,
        ge=0,
        le=256,
        description="random crops that the network is shown at each step for classes, besides the whole picture "
        "(paper: 0)",
    )
    crop_mean: float = Field(
        default=0.7, gt=0, le=1, description="mean side of a crop, of the picture's", json_schema_extra=SHARE
    )
    crop_std: float = Field(default=0.1, ge=0, le=1, description="spread of that side", json_schema_extra=SHARE)
    parametrization: Literal["pixels", "fourier"] = Field(
        default="fourier",
        description='what is optimised: "pixels" of the normalised input (paper), or a "fourier" spectrum with its low '
        "frequencies amplified, which leaves less noise",
    )
    decay: float = Field(
        default=1.0,
        ge=0,
        le=4,
        description="power of the frequency by which such a spectrum is divided: 0 treats all frequencies alike "
        "(Lucid: 1)",
    )
    contrast: float = Field(
        default=2.0,
        ge=0,
        le=10,
        description="standard deviation above which such a spectrum's signal is scaled down, before it becomes "
        "colours: 2 is the contrast of photos; 0 lets it grow, and colours burn",
    )
    values: int = Field(
        default=1024,
        ge=0,
        le=1_000_000,
        description="of how many positions the values of a channel are compared, at most; 0 for all (paper)",
    )
    references: int = Field(
        default=50,
        ge=1,
        le=5000,
        description="reference photos of a target whose activations are matched, at most (paper: 50)",
    )
    class_references: Literal["recognised", "all"] = Field(
        default="recognised",
        description='of which of a class\'s photos its references are drawn by the seed: "recognised", those for which '
        'the model ranks the class first, or "all"',
    )
    layers: Literal["stages"] | tuple[str, ...] = Field(
        default="stages",
        description='the layers at which activations are matched; "stages": stem and stages of a CNN, patch projection '
        "and four blocks of a ViT",
    )
    class_weights: Literal["balanced", "paper"] | tuple[float, ...] = Field(
        default=BALANCED,
        description='weights of these layers for classes; "balanced": one over the variance of the values to match, so '
        'that layers count alike; "paper": 1, but for three networks that the paper names',
    )
    class_penalty: Literal["paper"] | float = Field(
        default=PAPER,
        description='weight of total variation, and of the norm of the network\'s input, for classes; "paper": 0, but '
        "for two ViTs",
    )
    class_relevance: Literal["none", "lrp", "guided"] = Field(
        default="none",
        description='what activations are multiplied by for classes: "none" (paper), or their relevance for the logit, '
        "which takes backgrounds away (section 2.2); with it the paper sets class_penalty to 0.00001",
    )
    relevance: Literal["lrp", "guided"] = Field(
        default="lrp",
        description='how relevance is found for units inside the network: "lrp", layer-wise relevance propagation by '
        'the z+ rule, or "guided" backpropagation (section 3.5)',
    )
    unit_stem_weight: float = Field(
        default=0.1,
        ge=0,
        description="weight of the first layer for units inside the network; the others' is 1 (paper)",
    )
    unit_penalty: float = Field(
        default=3e-6,
        ge=0,
        description="weight of total variation, and of the norm of the network's input, for units inside the network "
        "(paper: 0.000003)",
    )
    patch_size: int | None = Field(
        default=None,
        ge=8,
        le=4096,
        description="side of the patches that photos are cut into for units inside the network (paper: 64 of 224); in "
        "proportion to the model's input unless chosen",
        json_schema_extra=PIXELS,
    )
    patch_stride: int | None = Field(
        default=None,
        ge=1,
        le=4096,
        description="from one patch to the next; 0.8 of their side unless chosen, as in CRAFT",
        json_schema_extra=PIXELS,
    )
    clusters: int = Field(
        default=1,
        ge=1,
        le=100,
        description="how many renderings a channel or neuron gets, each of another cluster of the patches that excite "
        "it",
    )
    cluster_patches: int = Field(
        default=1000,
        ge=2,
        le=100_000,
        description="how many of a unit's best patches are clustered by k-means (paper: 1000)",
    )

    @field_validator("class_weights")
    @classmethod
    def _sound(cls, value: str | tuple[float, ...]) -> str | tuple[float, ...]:
        if not isinstance(value, str) and (min(value, default=0) < 0 or not any(value)):
            raise ValueError("weights are at least 0, and one of them is larger")
        return value

    @field_validator("class_penalty")
    @classmethod
    def _not_negative(cls, value: str | float) -> str | float:
        if not isinstance(value, str) and value < 0:
            raise ValueError("a penalty is at least 0")
        return value


class ResolvedVITAL(VITALParameters):
    """The same for a model: what stands for the paper's choice is spelled out."""

    learning_rate: float
    layers: tuple[str, ...]
    class_weights: Literal["balanced"] | tuple[int | float, ...]
    class_penalty: float
    patch_size: int
    patch_stride: int


def matched_layers(layers: str | Sequence[str], stages: Sequence[str], card: ModelCard) -> list[str]:
    """Return the layers to match, in order of completion.

    Args:
        layers: as configured.
        stages: what stands for ``"stages"``.

    Raises:
        ModelError: a layer does not exist, or none is named.
    """
    if isinstance(layers, str):
        return list(stages)
    known = [layer.name for layer in card.layers]
    for name in layers:
        if name not in known:
            raise ModelError(f'layers: the model "{card.name}" has no layer "{name}"', did_you_mean(name, known))
    if not layers:
        raise ModelError("layers: none is named", 'leave it out, or write "stages"')
    return sorted(dict.fromkeys(layers), key=known.index)


def class_weights(
    weights: str | Sequence[float], layers: Sequence[str], architecture: str
) -> list[float] | Literal["balanced"]:
    """Return one weight for each layer, or that they are to be balanced when the photos are known.

    Raises:
        ModelError: there are more or fewer of them.
    """
    if weights == BALANCED:
        return BALANCED
    if isinstance(weights, str):
        given = _of_paper(CLASS_WEIGHTS, architecture, ())
        return list(given) if len(given) == len(layers) else [1.0] * len(layers)
    if len(weights) != len(layers):
        raise ModelError(
            f"class_weights: {len(weights)} weights for {len(layers)} layers ({', '.join(layers)})",
            "give one for each layer, in this order",
        )
    return list(weights)


def class_penalty(penalty: str | float, architecture: str) -> float:
    """Return the weight of total variation and norm."""
    return _of_paper(CLASS_PENALTIES, architecture, 0.0) if isinstance(penalty, str) else penalty


def _of_paper(table: Mapping[str, T], architecture: str, otherwise: T) -> T:
    """Return what a table holds for an architecture, whichever source it is from; tags and arguments do not matter."""
    name = architecture.rpartition(":")[2]
    return next((value for known, value in table.items() if name.startswith(known)), otherwise)
