"""Models of timm, by name; the only file that knows timm."""

import copy
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from socket import gaierror, getaddrinfo
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import huggingface_hub.utils
import timm.data
from huggingface_hub import try_to_load_from_cache
from huggingface_hub.constants import ENDPOINT
from pydantic import JsonValue
from torch import Tensor, nn

from atlas.core.canonical import canonical_json
from atlas.core.model_card import ClassLabel
from atlas.errors import ModelError, did_you_mean
from atlas.models.checkpoints.checkpoint import Loaded, load_checkpoint
from atlas.models.code.foreign import first_line, foreign_code
from atlas.models.sources.built import Built, InputDefaults
from atlas.models.spec import ModelSpec, Offer, Source

# Both ship types for a part of what they export.
_timm: Any = timm
_hub: Any = huggingface_hub.utils
_HUB_PREFIXES = ("hf-hub:", "hf_hub:", "local-dir:")
_HUB_FILES = ("model.safetensors", "pytorch_model.bin")  # what timm looks for, in this order
_SIZES = ("num_classes", "in_chans", "img_size")
_OWN_KEYS = {"pretrained": "the key pretrained", "checkpoint_path": "the key checkpoint"}


class Timm(Source):
    """timm's models, with published, given or random weights."""

    title = "timm"
    summary = "PyTorch Image Models: architectures by name, most of them with published weights, or with your own."
    example = "resnet18.a1_in1k"

    def build(self, spec: ModelSpec) -> Built:
        """See :meth:`Source.build`.

        Raises:
            ModelError: unknown name (with the nearest), refused arguments, hub out of reach, unfit checkpoint.
        """
        pretrained = spec.checkpoint is None if spec.pretrained is None else spec.pretrained
        module, arguments = create(spec, pretrained)
        if spec.checkpoint is not None:
            loaded = load_checkpoint(module, spec, _SIZES, partial(_converted, module, spec))
        else:
            loaded = Loaded(_published(module) if pretrained else "random weights")
        return Built(
            module=module,
            architecture=identity(spec.architecture, arguments),
            origin=loaded.origin,
            notices=loaded.notices,
            licence=str(_config(module).get("license") or "") if pretrained else "",
            inputs=input_defaults(module, arguments),
            classifier=getattr(module, "num_classes", None) != 0,
            configuration=_config(module),
        )

    def offers(self) -> list[Offer]:
        """Return every model of timm; the note lists tags of weights."""
        tags: dict[str, list[str]] = {}
        for name in timm.list_pretrained():
            architecture, _, tag = name.partition(".")
            tags.setdefault(architecture, []).append(tag or "default")
        return [
            Offer(name, f"weights: {', '.join(tags[name])}" if name in tags else "no weights")
            for name in timm.list_models()
        ]


TIMM = Timm()


def _converted(module: nn.Module, spec: ModelSpec, tensors: dict[str, Tensor]) -> Mapping[str, Tensor]:
    """Return tensors as timm's own code brings published ones to a model: other sizes, patches, layouts, JAX's names.

    What a model's loader of JAX archives leaves untouched is missing, not random.
    """
    if spec.checkpoint is not None and any("/" in name for name in tensors) and hasattr(module, "load_pretrained"):
        loaded: Any = copy.deepcopy(module)
        for tensor in loaded.parameters():
            tensor.data.fill_(float("nan"))
        loaded.load_pretrained(str(spec.checkpoint.expanduser()))
        return {name: one for name, one in loaded.state_dict().items() if not (one.numel() and one.isnan().all())}
    architecture = str(_config(module).get("architecture") or spec.architecture.partition(".")[0])
    place: Any = sys.modules[timm.model_entrypoint(architecture).__module__]
    filters = (getattr(place, name, None) for name in ("checkpoint_filter_fn", "_filter_fn"))
    convert = next(filter(None, filters), None)
    return tensors if convert is None else convert(tensors, module)


def create(spec: ModelSpec, pretrained: bool, name: str = "") -> tuple[nn.Module, dict[str, JsonValue]]:
    """Construct the module; return it and the arguments it was given, those that the spec implies included.

    Raises:
        ModelError: as of :meth:`Timm.build`.
    """
    name = name or spec.architecture
    check_name(name)
    for key, instead in _OWN_KEYS.items():
        if key in spec.arguments:
            raise ModelError(f'model "{spec.name}": arguments cannot hold "{key}"', f"use {instead} of the model")
    arguments = _arguments(spec, name)
    built = f'model "{spec.name}": timm cannot build "{name}" with arguments {canonical_json(arguments)}'
    with _no_progress_bars(), foreign_code(built, "check the arguments against timm's documentation"):
        try:
            overlay = _cached_weights(name) if pretrained else None
            return _timm.create_model(name, pretrained, pretrained_cfg_overlay=overlay, **arguments), arguments
        except (OSError, RuntimeError) as error:
            if not pretrained or not _about_weights(error):
                raise
            reason = "no connection to their server" if isinstance(error, gaierror) else first_line(error)
            raise ModelError(
                f'model "{spec.name}": the published weights of "{name}" cannot be had: {reason}',
                "connect to the internet once, or give a weight file with `checkpoint = path`, or try another tag",
            ) from error


def _about_weights(error: Exception) -> bool:
    """Tell a hub out of reach (any OSError: sockets, HTTP, missing cache) or absent weights from a bad argument."""
    return isinstance(error, OSError) or "retrained" in str(error) or "client has been closed" in str(error)


def _cached_weights(name: str) -> dict[str, str] | None:
    """Return the overlay of timm's config that points to weights in the hub's cache, or None.

    The hub's client asks the hub even for cached files, and retries for most of a minute without a word when there
    is no network, so a cached file is used as it is, and an unknown host is reported at once.

    Raises:
        OSError: nothing is cached and the hub's host cannot be resolved.
    """
    if name.startswith(_HUB_PREFIXES):
        kind, _, repository = name.partition(":")
        if kind != "local-dir" and not isinstance(try_to_load_from_cache(repository, "config.json"), str):
            _check_host()
        return None
    config = timm.get_pretrained_cfg(name)
    if config is None or not config.hf_hub_id or config.custom_load:
        return None
    for file in (config.hf_hub_filename,) if config.hf_hub_filename else _HUB_FILES:
        path = try_to_load_from_cache(config.hf_hub_id, file)
        if isinstance(path, str):
            return {"file": path}
    _check_host()
    return None


def _check_host() -> None:
    if not getproxies():  # behind a proxy, only the proxy resolves names
        getaddrinfo(urlsplit(ENDPOINT).hostname, None)


def check_name(name: str) -> None:
    """Check that timm knows ``name``, with or without a tag of weights.

    Raises:
        ModelError: it does not; proposes the nearest names.
    """
    if name.startswith(_HUB_PREFIXES):
        return
    architecture, _, tag = name.partition(".")
    if not timm.is_model(architecture):
        hint = did_you_mean(architecture, timm.list_models())
        raise ModelError(f'timm {timm.__version__} has no model "{name}"', hint or "list them with `atlas models`")
    published = timm.list_pretrained(f"{architecture}.*") if tag else []
    if tag and name not in published:
        hint = did_you_mean(name, published) or f"there is {', '.join(published) or 'none'}"
        raise ModelError(f'timm {timm.__version__} has no weights "{tag}" for "{architecture}"', hint)


def _arguments(spec: ModelSpec, name: str) -> dict[str, JsonValue]:
    """Return the constructor's arguments; a size or channel number that the spec asks for is built in."""
    arguments = dict(spec.arguments)
    if spec.channels is not None:
        arguments.setdefault("in_chans", spec.channels)
    fixed = not name.startswith(_HUB_PREFIXES) and timm.get_pretrained_cfg_value(name, "fixed_input_size")
    if spec.size is not None and fixed:
        arguments.setdefault("img_size", spec.size if isinstance(spec.size, int) else list(spec.size))
    return arguments


def identity(name: str, arguments: dict[str, JsonValue]) -> str:
    """Return the architecture without the tag of its weights (those have a digest), with its arguments."""
    bare = name if name.startswith(_HUB_PREFIXES) else name.partition(".")[0]
    return bare + (canonical_json(arguments) if arguments else "")


def input_defaults(module: nn.Module, arguments: dict[str, JsonValue]) -> InputDefaults:
    """Return timm's data config of ``module``, with the size and channels that it was built for."""
    config = _timm.data.resolve_model_data_config(module)
    channels, height, width = config["input_size"]
    side = arguments.get("img_size")
    if isinstance(side, int):
        height = width = side
    elif isinstance(side, list) and len(side) == 2:
        height, width = side
    chosen = arguments.get("in_chans", channels)
    return InputDefaults(
        size=(height, width),
        channels=chosen if isinstance(chosen, int) else channels,
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
    )


def _config(module: nn.Module) -> dict[str, Any]:
    config = getattr(module, "pretrained_cfg", None)
    return config if isinstance(config, dict) else {}


def _published(module: nn.Module) -> str:
    config = _config(module)
    place = config.get("hf_hub_id") or config.get("url") or config.get("file") or "unknown place"
    classes = getattr(module, "num_classes", 0)
    untrained = classes and classes != config.get("num_classes", classes)
    return f"timm {timm.__version__}, {place}" + ("; the classifier is untrained" if untrained else "")


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    if _hub.are_progress_bars_disabled():
        yield
        return
    _hub.disable_progress_bars()
    try:
        yield
    finally:
        _hub.enable_progress_bars()


@lru_cache(maxsize=2)
def imagenet_labels(classes: int) -> tuple[str, tuple[ClassLabel, ...]]:
    """Return name and classes, in index order, of the set of ImageNet that has so many; or nothing.

    Those are 1000, 11821, 21841 and others that timm's models are trained on.

    The first lemma is the name, the others are synonyms, and the ids are WordNet's.
    """
    subset = _timm.data.infer_imagenet_subset({"num_classes": classes})
    if subset is None:
        return "", ()
    info = _timm.data.ImageNetInfo(subset)
    ids = info.label_names()
    return subset, tuple(_lemmas(name, info.label_name_to_description(name)) for name in ids)


def wordnet_label(identifier: str) -> ClassLabel:
    """Return the label of a WordNet id, named by the id itself if timm has no words for it."""
    try:
        return _lemmas(identifier, _wordnet().label_name_to_description(identifier))
    except KeyError:
        return ClassLabel(name=identifier, id=identifier)


@lru_cache(maxsize=1)
def _wordnet() -> Any:
    return _timm.data.ImageNetInfo()


def _lemmas(identifier: str, description: str) -> ClassLabel:
    first, *others = (part.strip() for part in description.split(","))
    return ClassLabel(name=first, id=identifier, synonyms=tuple(others))
