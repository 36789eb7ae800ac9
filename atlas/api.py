"""The face: what a notebook, a script and the command line call. Each function imports what it needs when it is called.

Every error is an :class:`atlas.errors.AtlasError` that says what to do.
"""

import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from atlas.core.job import DEFAULT_METHOD, Precision
from atlas.errors import AtlasWarning
from atlas.extras import needing_extras

if TYPE_CHECKING:
    from torch import nn

    from atlas.config import Config
    from atlas.core.job import TargetKind
    from atlas.face.concepts import ConceptsByClass
    from atlas.face.evaluation import Evaluation
    from atlas.jobs.report import Report
    from atlas.models.spec import ModelSpec
    from atlas.models.vision_model import VisionModel
    from atlas.picture import Picture, Pictures
    from atlas.site import BuildReport
    from atlas.store import Store


@needing_extras("atlas.load")
def load(
    what: "str | ModelSpec | Mapping[str, Any] | nn.Module",
    *,
    name: str | None = None,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    size: int | tuple[int, int] | None = None,
    classes: "Sequence[str] | Path | str | None" = None,
    channels: Literal[1, 3] | None = None,
    pretrained: bool | None = None,
    checkpoint: Path | str | None = None,
    arguments: Mapping[str, Any] | None = None,
    **options: Any,
) -> "VisionModel":
    """Return a model to render, in float32 on the CPU, with its layers, classes and weights' digest.

    Args:
        what: a name of timm's (``"resnet18.a1_in1k"``); a source and a name (``"package:efficientnet-lite0"``); your
            own ``"my_module:function"``; a specification or a table of its fields; or a network, which is copied.
        name: what pictures and pages call it; by default what it is loaded by, or the network's class.
        mean, std: of the normalisation in [0, 1] units, one value or one for each channel.
        size: of the input in pixels, a side or (height, width). These three must be given with a network, unless timm
            has made it; else they are known, or ImageNet's are taken.
        classes: the names of its classes in the order of its output, or a file of them. By default what came with the
            weights, or ImageNet's where there are as many classes.
        channels: 1 (grey) or 3.
        pretrained: timm only: False takes random weights, the same ones every time.
        checkpoint: file or folder of weights.
        arguments: of the network's constructor.
        options: other fields of :class:`atlas.models.spec.ModelSpec`.

    Raises:
        ModelError: it cannot be had, or used; says what to do.
        ConfigError: an option is unknown, with the nearest name, or has no such value.
    """
    from torch import nn

    from atlas.face.models import of_module, spec_of, with_classes
    from atlas.models.load import load_model

    options |= {"name": name, "mean": mean, "std": std, "size": size, "channels": channels}
    options |= {"pretrained": pretrained, "checkpoint": checkpoint, "arguments": arguments}
    if isinstance(classes, str | Path):
        options["class_names"] = Path(classes)
    model = of_module(what, options) if isinstance(what, nn.Module) else load_model(spec_of(what, options))
    for notice in model.notices:
        warnings.warn(notice, AtlasWarning, stacklevel=3)  # the caller, past the decorator
    return model if classes is None or isinstance(classes, str | Path) else with_classes(model, classes)


@needing_extras("atlas.render")
def render(
    model: "VisionModel | str | nn.Module",
    target: Any,
    *,
    method: str = DEFAULT_METHOD,
    preset: str | None = None,
    seed: int | str | Sequence[int] = 0,
    photo: Any = None,
    photos: Path | str | None = None,
    layer: str | None = None,
    kind: "TargetKind | None" = None,
    cosine_power: float = 2.0,
    precision: Precision = "float32",
    device: str = "auto",
    batch_size: int | Literal["auto"] = "auto",
    store: "Store | Path | str | None" = None,
    progress: bool = True,
    parameters: Mapping[str, Any] | None = None,
    **more: Any,
) -> "Picture | Pictures":
    """Render a target of a model, or several together, in this process.

    The picture and its key are those of ``atlas render`` with the same model, method, parameters and seed, whatever
    else is rendered with it and wherever.

    Args:
        model: as :func:`load` returns it, or what it takes.
        target: a class by name, index or WordNet id (``"goldfish"``, ``1``, ``"n01443537"``); a unit of a layer
            (``"layer3.1:17"``), what lowers it (``"layer3.1:17-"``), one neuron of it (``"layer3.1:17@3,4"``); the name
            of a layer, for methods that invert one; an ``atlas.Target``; an array or tensor (units,) as a direction in
            ``layer``, or several (n, units). A list of these gives a list of pictures in its order.
        method: as ``[[render]]`` names it.
        preset: ``draft``, ``standard`` or ``fine``: fills the method's parameters that are not given, where it has one
            of that name. The key is that of the same parameters written out.
        seed: one or several; each gives a picture of its own. ``"facets:4"`` gives four that are to show different
            looks of the target: those of clusters of its class's ``photos`` if there are any, else those that lie in
            different directions of the network's features.
        photo: what pictures start from or are of, for methods that do: a file, a PIL image or an array (H, W, 3)
            of uint8, or several; with ``photos``, names or globs among these.
        photos: folder, archive or data set of reference photos, for methods that need them.
        layer: of a direction, and of targets that are only numbers.
        kind: ``neuron`` renders one position of a unit rather than its mean; ``caricature`` exaggerates a photo.
        cosine_power: of the cosine in a direction's objective.
        precision: of the network's arithmetic; ``tf32`` and ``bfloat16`` make other pictures.
        device: ``auto`` (the first GPU, else the CPU) or torch's name of one. It does not change what is rendered.
        batch_size: pictures optimised together. It does not change them.
        store: a store, or its folder, which is made: what it has is read, what is made is kept, and what can be
            computed again of ``photos`` in a folder ``cache`` beside it. Without one nothing is kept but what is
            returned.
        progress: show a bar.
        parameters, more: of the method: ``steps=128``, or ``parameters={"steps": 128}`` for names that are taken here.

    Returns:
        A picture, or a list of them for a list of targets, several photos, several seeds, or a target that the method
        renders in several ways. A unit that no gradient reaches is no error: its picture's ``status`` is ``dead`` and
        its ``image`` None. In a list so is one that failed (``failed``, with its ``message``).

    Raises:
        TargetError: the model has no such target; names the nearest.
        ConfigError: the method, its preset or a parameter is unknown, with the nearest name, or does not fit.
        RenderError: the only picture failed, or photos tell no looks of any class apart; of one among others that is a
            warning.
        Interrupted: Ctrl-C, after the current step; its ``finished`` holds the pictures that were.
    """
    from atlas.config.seeds import seeds_of
    from atlas.face.planning import Request
    from atlas.face.rendering import rendered
    from atlas.face.workplace import Workplace
    from atlas.models.vision_model import VisionModel

    request = Request(
        method=method,
        preset=preset,
        parameters={**(parameters or {}), **more},
        seeds=seeds_of(seed),
        precision=precision,
        photo=photo,
        photos=photos,
        layer=layer,
        kind=kind,
        cosine_power=cosine_power,
    )
    loaded = model if isinstance(model, VisionModel) else load(model)
    return rendered(loaded, target, request, Workplace(device, batch_size, store, progress))


@needing_extras("atlas.concepts")
def concepts(
    model: "VisionModel | str | nn.Module",
    photos: Path | str,
    *,
    classes: str | int | Sequence[str | int] = "all",
    method: str = DEFAULT_METHOD,
    preset: str | None = None,
    seed: int | Sequence[int] = 0,
    parameters: Mapping[str, Any] | None = None,
    device: str = "auto",
    batch_size: int | Literal["auto"] = "auto",
    store: "Store | Path | str | None" = None,
    progress: bool = True,
    settings: Mapping[str, Any] | None = None,
    **more: Any,
) -> "ConceptsByClass":
    """Find the concepts of classes in photos (CRAFT), and render them.

    Results and keys are those of a ``[[concepts]]`` table that says the same.

    Args:
        model: as :func:`load` returns it, or what it takes.
        photos: folder, archive or data set of photos: with a folder for each class, or without, where those that the
            model predicts as a class are its photos.
        classes: names, ids, indices or globs; all that have photos unless they are named.
        method, preset, seed, parameters: of the renderings, as of :func:`render`.
        device, batch_size, store, progress: as of :func:`render`.
        settings, more: other keys of a ``[[concepts]]`` table: ``count=10``, or ``settings={"photos": "all"}`` for
            names that are taken here.

    Returns:
        The concepts by the classes' names, each a sequence, most important first: ``found["goldfish"][0].pictures``,
        ``.patches``, ``.importance``. A class whose photos give none has a ``reason``.

    Raises:
        ConfigError: a class, a layer or a setting is wrong; names the nearest.
        PhotoError: there are no photos.
        ConceptError: no class gave any.
        Interrupted: Ctrl-C, after the current step.
    """
    from atlas.face.explaining import ConceptsRequest, concepts_of
    from atlas.face.workplace import Workplace
    from atlas.models.vision_model import VisionModel

    request = ConceptsRequest(
        photos=photos,
        classes=(classes,) if isinstance(classes, str | int) else tuple(classes),
        settings={**(settings or {}), **more},
        method=method,
        preset=preset,
        parameters=parameters or {},
        seeds=(seed,) if isinstance(seed, int) else tuple(seed),
    )
    loaded = model if isinstance(model, VisionModel) else load(model)
    return concepts_of(loaded, request, Workplace(device, batch_size, store, progress))


@needing_extras("atlas.run")
def run(
    configuration: "Config | Path | str" = "atlas.toml",
    *,
    only: Sequence[str] = (),
    retry: Collection[str] = (),
    progress: bool = True,
) -> "Report":
    """Make all that a configuration asks for and its store has not, as ``atlas render`` does.

    Args:
        configuration: a file, or what :func:`atlas.config.load_config` makes of one.
        only: beginnings of keys of pictures; if any are given, all others are left out.
        retry: what to try again as well: ``dead`` units, and ``quarantined`` tasks.
        progress: show a bar.

    Returns:
        What was done, and what was not and why. A task that fails is no error.

    Raises:
        AtlasError: the configuration, a model or the photos cannot be used, or the store cannot be written.
        Interrupted: Ctrl-C; what was finished is stored, and the same call goes on.
    """
    from atlas.face.interrupted import Interrupted
    from atlas.face.project import Project
    from atlas.face.watch import Watch

    project = Project.open(configuration, Watch.of_program(progress), evaluates=False)
    report = project.run(project.pending(only, retry))
    if report.interrupted:
        raise Interrupted(f"stopped; {report.finished} results are finished and stored: call again to go on")
    return report


@needing_extras("atlas.evaluate")
def evaluate(
    configuration: "Config | Path | str" = "atlas.toml",
    *,
    only: Sequence[str] = (),
    progress: bool = True,
) -> "Evaluation":
    """Score the pictures of a configuration that are there, and analyse models, as ``atlas evaluate`` does.

    Nothing is rendered.

    Args:
        configuration: a file, or what :func:`atlas.config.load_config` makes of one.
        only: names of scores and analyses; all that it asks for unless any are given.
        progress: show a bar.

    Returns:
        Figures with intervals, those by judges of other families than the model's first: ``.rows``, ``.documents`` with
        what each score says of each picture, ``.analyses`` with ``.rows`` and ``.documents`` of what was found of
        models, ``.left_out``, ``.failed`` and ``.missing``, ``.to_csv(folder)``, ``.to_latex(folder)``. What fails is
        no error, but a warning.

    Raises:
        ConfigError: it asks for no score, or not for these; names the nearest.
        AtlasError: the configuration, a model or the photos cannot be used, or the store cannot be written.
        Interrupted: Ctrl-C; what was finished is stored, and the same call goes on.
    """
    from atlas.face.evaluating import Evaluating
    from atlas.face.interrupted import Interrupted
    from atlas.face.project import Project
    from atlas.face.watch import Watch

    evaluating = Evaluating.of(Project.open(configuration, Watch.of_program(progress)), only)
    report = evaluating.run()
    if report.interrupted:
        raise Interrupted(f"stopped; {report.finished} results are finished and stored: call again to go on")
    found = evaluating.results(report)
    for problem in found.failed:
        warnings.warn(problem, AtlasWarning, stacklevel=3)
    return found


def build(configuration: "Config | Path | str" = "atlas.toml", *, progress: bool = True) -> "BuildReport":
    """Make the site of a configuration from its store, as ``atlas build`` does.

    Raises:
        AtlasError: the configuration or the store cannot be read, or the site cannot be written.
    """
    from atlas.face.building import build_project
    from atlas.face.watch import Watch

    return build_project(configuration, Watch.of_program(progress))
