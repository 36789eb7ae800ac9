"""Reads atlas.toml. Everything wrong with it is found in one go."""

import json
import os
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from atlas.config import problems
from atlas.config.analyse import AnalyseBlock, analysis_problems
from atlas.config.concepts import ConceptsBlock
from atlas.config.evaluation import EvaluateBlock, JudgeBlock, JudgingPhotos
from atlas.config.instruments import ClipWeights, LpipsWeights
from atlas.config.judging import evaluation_problems, named_models
from atlas.config.paths import path_problems
from atlas.config.problems import Problem, shown, tables_at
from atlas.config.render import RenderBlock, UnitSample
from atlas.config.settings import Config, ExecutorSettings, SiteSettings, StoreSettings, Tables, default_model
from atlas.core.data_files import read_toml
from atlas.core.job import DEFAULT_METHOD, TargetKind
from atlas.errors import DOCUMENTATION, ConfigError
from atlas.models.spec import ModelSpec
from atlas.photos.spec import PhotosSpec, address_of
from atlas.study.settings import StudySettings

if TYPE_CHECKING:
    from atlas.methods import AnyMethod

Located = TypeVar("Located", bound=BaseModel)

TEMPLATE = Path(__file__).parent / "template.toml"

MODELS: dict[problems.KeyPath, type[BaseModel]] = {
    (): Tables,
    ("site",): SiteSettings,
    ("store",): StoreSettings,
    ("executor",): ExecutorSettings,
    ("photos",): PhotosSpec,
    ("models",): ModelSpec,
    ("render",): RenderBlock,
    ("render", "units"): UnitSample,
    ("render", "photos"): UnitSample,
    ("concepts",): ConceptsBlock,
    ("study",): StudySettings,
    ("judges",): JudgeBlock,
    ("evaluate",): EvaluateBlock,
    ("evaluate", "photos"): JudgingPhotos,
    ("analyse",): AnalyseBlock,
    ("analyse", "photos"): JudgingPhotos,
    ("evaluate", "clip"): ClipWeights,
    ("evaluate", "lpips"): LpipsWeights,
}
"""Where in the file which model's keys are allowed."""


def template() -> str:
    """Return the commented atlas.toml that `atlas init` writes; it renders a little of the demo's model."""
    return TEMPLATE.read_text(encoding="utf-8")


def load_config(path: Path) -> Config:
    """Return the configuration in a TOML file, with its paths made absolute relative to the file.

    Raises:
        ConfigError: the file is missing, is no TOML or is not valid; lists every problem.
    """
    table = read_toml(path, "configuration", "write one with `atlas init`, or name another with --config")
    found: list[Problem] = []
    tables: Tables | None = None
    try:
        tables = Tables.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        found += problems.problems_of(error, table, (), MODELS)
    found += _duplicate_models(table)
    names, judges = _model_names(table), _judge_names(table)
    for number, block in enumerate(tables_at(table, "render")):
        found += _model_problems(block, ("render", number), names, judges)
        found += _method_problems(block, ("render", number), "logit" if block.get("classes") else block.get("kind"))
    for number, block in enumerate(tables_at(table, "concepts")):
        found += _model_problems(block, ("concepts", number), names, judges)
        found += _method_problems(block, ("concepts", number), "direction")
    found += _absent(table)
    found += evaluation_problems(table, names)
    found += analysis_problems(table, names)
    for number, block in enumerate(tables_at(table, "analyse")):
        if block.get("kind") == "references":
            found += _method_problems({**block, "method": "vital"}, ("analyse", number), "logit")
    folder = path.absolute().parent  # where the user named it, also if it is a link
    found += path_problems(table, folder, MODELS)
    if tables is not None and not found:
        config = _located(tables, folder / path.name)
        found += _path_problems(config)
        if not found:
            return config
    remedy = f"correct the file and try again; every key is described at {DOCUMENTATION}/reference/configuration/"
    raise ConfigError([str(problem) for problem in found], str(path), remedy)


def _model_names(table: dict[str, Any]) -> list[str]:
    return [model["name"] for model in tables_at(table, "models") if isinstance(model.get("name"), str)]


def _judge_names(table: dict[str, Any]) -> list[str]:
    return [judge["model"] for judge in tables_at(table, "judges") if isinstance(judge.get("model"), str)]


def _duplicate_models(table: dict[str, Any]) -> Iterator[Problem]:
    seen = Counter[str]()
    for number, model in enumerate(tables_at(table, "models")):
        name = model.get("name")
        if isinstance(name, str):
            seen[name.casefold()] += 1
            if seen[name.casefold()] == 2:
                yield Problem(("models", number, "name"), f"{shown(name)} is the name of another model; choose another")


def _absent(table: dict[str, Any]) -> Iterator[Problem]:
    """Yield what is missing from the file as a whole."""
    if not {"render", "concepts", "analyse"} & table.keys():
        yield Problem(("render",), "is missing; add a [[render]] table, or [photos] and [[concepts]]")
    for number, block in enumerate(tables_at(table, "render")):
        if block.get("photos") and "photos" not in table:
            text = 'photos are chosen from reference photos; add a table [photos] with path = "a folder of photos"'
            yield Problem(("render", number, "photos"), text)
    if tables_at(table, "concepts") and "photos" not in table:
        yield Problem(
            ("concepts",), 'concepts are found in photos; add a table [photos] with path = "a folder of photos"'
        )


def _model_problems(
    block: dict[str, Any], path: problems.KeyPath, names: list[str], judges: Collection[str]
) -> Iterator[Problem]:
    chosen = block.get("model")
    yield from named_models(chosen, (*path, "model"), names)
    if not chosen and len(set(names)) > 1 and default_model(names, judges) is None:
        yield Problem((*path, "model"), f"is missing; name one or more of the models: {', '.join(names)}")


def _method_problems(block: dict[str, Any], path: problems.KeyPath, kind: object) -> Iterator[Problem]:
    from atlas.methods import methods

    name = block.get("method", DEFAULT_METHOD)
    if not isinstance(name, str):
        return
    try:
        method = methods.get(name)
    except ConfigError as error:
        yield from (Problem((*path, "method"), text) for text in error.problems)
        return
    if isinstance(kind, str) and kind in get_args(TargetKind) and kind not in method.kinds:
        yield Problem((*path, "method"), f'"{name}" cannot render a {kind}, only: {", ".join(sorted(method.kinds))}')
    if kind == "direction" and method.takes_photo(kind):
        yield Problem((*path, "method"), f'"{name}" starts from a photo, which a concept does not have')
    yield from _parameter_problems(method, block, path)


def _parameter_problems(method: "AnyMethod", block: dict[str, Any], path: problems.KeyPath) -> Iterator[Problem]:
    from atlas.methods.presets import spelled_out

    parameters, preset = block.get("parameters", {}), block.get("preset")
    if not isinstance(parameters, dict):
        return
    try:
        parameters = spelled_out(method, parameters, preset if isinstance(preset, str) else None)
    except ConfigError as error:
        yield from (Problem((*path, "preset"), text.removeprefix("preset: ")) for text in error.problems)
    try:
        method.parameters.model_validate_json(json.dumps(parameters, default=str), strict=True)
    except ValidationError as error:
        yield from problems.problems_of(error, parameters, (*path, "parameters"), {(): method.parameters})


def _located(tables: Tables, file: Path) -> Config:
    """Return the configuration with absolute paths, and each block's models spelled out."""
    folder = file.parent

    def absolute(path: Path) -> Path:
        return path if address_of(path) else Path(folder, path.expanduser())

    def located(spec: Located, *keys: str) -> Located:
        files = {key: getattr(spec, key) for key in keys}
        return spec.model_copy(update={key: absolute(file) for key, file in files.items() if file is not None})

    default = tables.default_model
    specs = [located(spec, "checkpoint", "class_names", "folder") for spec in tables.models]
    specs = [spec if spec.folder else spec.model_copy(update={"folder": folder}) for spec in specs]
    return Config(
        file=file,
        site=located(tables.site, "path", "labels"),
        store=located(tables.store, "path"),
        executor=tables.executor,
        photos=None if tables.photos is None else located(tables.photos, "path", "classes", "attribution", "cache"),
        models=tuple(specs),
        render=tuple(block.model_copy(update={"model": block.model or (default,)}) for block in tables.render),
        concepts=tuple(block.model_copy(update={"model": block.model or (default,)}) for block in tables.concepts),
        judges=tables.judges,
        evaluate=tuple(
            block.model_copy(
                update={
                    "clip": block.clip and located(block.clip, "weights"),
                    "lpips": block.lpips and located(block.lpips, "weights"),
                }
            )
            for block in tables.evaluate
        ),
        analyse=tables.analyse,
        study=tables.study,
    )


def _real(path: Path) -> Path:
    """Return where a path leads; of links in a circle, the last one."""
    return Path(os.path.realpath(path))


def _path_problems(config: Config) -> Iterator[Problem]:
    """Yield what would destroy or mix data: a site is replaced, a cache may be deleted, photos are searched."""
    places = {("site", "path"): ("the site", config.site.path), ("store", "path"): ("the store", config.store.path)}
    if config.photos is not None:
        places["photos", "cache"] = ("the cache", config.photos.cache)
    if config.photos is not None and not config.photos.address:
        places["photos", "path"] = ("the photos", config.photos.place)
    resolved = [(key, name, _real(path)) for key, (name, path) in places.items()]
    if _real(config.folder).is_relative_to(resolved[0][2]):
        own = f'"{resolved[0][2]}" holds the configuration itself; the site needs a folder of its own'
        yield Problem(("site", "path"), own)
        return
    if config.site.labels is not None and _real(config.site.labels).is_relative_to(resolved[0][2]):
        text = f'"{config.site.labels}" lies in the site\'s folder, which is replaced'
        yield Problem(("site", "labels"), text)
    only_archives = config.photos is not None and not config.photos.is_searched
    for (key, _, path), (of, name, other) in combinations(resolved, 2):
        may_hold_it = only_archives and of == ("photos", "path")
        if (path.is_relative_to(other) and not may_hold_it) or other.is_relative_to(path):
            yield Problem(key, f'"{path}" and {name} "{other}" lie in one another; keep them apart')
