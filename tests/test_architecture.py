"""Imports point one way, and some libraries are known to one file only."""

import ast
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

import atlas

PACKAGE = Path(atlas.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

FOUNDATION = {"errors", "extras", "core"}
BELOW_SYNTHESIS = FOUNDATION | {"models", "photos"}
BELOW_METHODS = BELOW_SYNTHESIS | {"synthesis", "attribution"}
BELOW_CRAFT = BELOW_METHODS | {"activations"}
BELOW_TASKS = BELOW_CRAFT | {"methods", "craft", "metrics", "analyses", "evaluation", "store", "config"}
BELOW_JOBS = BELOW_TASKS | {"tasks", "plan"}
MAY_IMPORT = {
    "errors": set(),
    "extras": {"errors"},
    "core": {"errors"},
    "photos": FOUNDATION,
    "models": FOUNDATION,
    "descriptors": set(),
    "store": FOUNDATION,
    "synthesis": BELOW_SYNTHESIS,
    "attribution": BELOW_SYNTHESIS,
    "activations": BELOW_SYNTHESIS,
    "craft": BELOW_CRAFT,
    "metrics": BELOW_METHODS,
    "analyses": FOUNDATION | {"attribution", "craft.curves"},
    "evaluation": FOUNDATION,
    "methods": BELOW_METHODS | {"activations.clusters", "activations.views"},
    "study": FOUNDATION,
    "site": FOUNDATION | {"store", "study", "evaluation.rows", "evaluation.scores.base", "analyses.rows"},
    "config": FOUNDATION
    | {"models.spec", "photos.spec", "craft.settings", "site.metadata", "study.settings", "methods", "evaluation"}
    | {"analyses.registry"},
    "tasks": BELOW_TASKS,
    "plan": BELOW_TASKS | {"tasks"},
    "jobs": BELOW_JOBS,
    "picture": FOUNDATION | {"store", "site", "face.html", "face.recipe"},
    "face": BELOW_JOBS | {"jobs", "site", "study", "picture"},
    "api": BELOW_JOBS | {"jobs", "site", "picture", "face"},
    "cli": BELOW_JOBS | {"jobs", "site", "study", "face", "api"},
    "version": set(),
    "__main__": {"cli"},
}
"""Each part of atlas, and the parts (or single modules) that it may import besides itself."""

MAY_NOT_IMPORT = {
    "models.code": {"models.anatomy", "models.identity", "models.load", "models.network", "models.sources"},
    "models.sources": {"models.anatomy", "models.identity", "models.load", "models.names", "models.network"},
    "models.network": {"models.anatomy", "models.load", "models.names"},
    "models.anatomy": {"models.load", "models.names", "models.sources"},
}
"""Rooms of one part, and what of the same part none of their files may import."""


def part(module: Path) -> str:
    """Return the part of atlas that a file belongs to, e.g. ``synthesis``; the package's own file has none."""
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(module: Path) -> Iterator[str]:
    """Yield the dotted name of everything a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "atlas":
            yield from (f"atlas.{name.name}" for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def is_allowed(source: str, target: str) -> bool:
    """Tell whether the part ``source`` may import ``target``, a dotted name without ``atlas.``."""
    allowed = MAY_IMPORT[source] | {source}
    return target == "version" or any(target == name or target.startswith(f"{name}.") for name in allowed)


def name_of(module: Path) -> str:
    """Return the dotted name of a file without ``atlas.``, e.g. ``models.spec``; of a package, that of its folder."""
    return ".".join(module.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def imported_files(module: Path) -> Iterator[str]:
    """Yield the names of the files of atlas that a file imports, under TYPE_CHECKING and within functions included."""
    names = {name_of(module) for module in MODULES}
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            targets = [f"{node.module}.{name.name}" for name in node.names]
        else:
            continue
        for target in targets:
            inner = target.removeprefix("atlas.")
            if target.startswith("atlas."):  # what is named may be a file, or something in one
                yield from [name for name in (inner, inner.rpartition(".")[0]) if name in names][:1]


def circles(graph: Mapping[str, Collection[str]]) -> set[frozenset[str]]:
    """Return the sets of more than one node, each of which leads to each other of its set."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        waiting, seen = [start], set()
        while waiting:
            following = set(graph[waiting.pop()]) - seen
            seen |= following
            waiting += following
        reached[start] = seen
    return {
        frozenset(other for other in reached[node] if node in reached[other]) for node in graph if node in reached[node]
    }


def importers(library: str) -> list[str]:
    """Return the files of atlas that import a library."""
    return [
        module.relative_to(PACKAGE).as_posix()
        for module in MODULES
        if any(name.split(".")[0] == library for name in imported(module))
    ]


@pytest.mark.parametrize(
    "module", [m for m in MODULES if m != PACKAGE / "__init__.py"], ids=lambda m: m.relative_to(PACKAGE).as_posix()
)
def test_imports_point_down_only(module):
    targets = [name.removeprefix("atlas.") for name in imported(module) if name.startswith("atlas.")]
    assert [target for target in targets if not is_allowed(part(module), target)] == []


def test_the_rule_itself_sees_a_wrong_direction():
    assert not is_allowed("store", "jobs.run")
    assert not is_allowed("config", "models.network.examine")
    assert is_allowed("config", "models.spec")


def test_no_files_import_each_other_in_a_circle():
    graph = {name_of(module): set(imported_files(module)) - {name_of(module)} for module in MODULES}
    assert [sorted(circle) for circle in circles(graph)] == []


def test_the_search_for_circles_sees_them_through_several_files():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a"}, "g": set()}
    assert circles(graph) == {frozenset("abc"), frozenset("de")}


@pytest.mark.parametrize("room", MAY_NOT_IMPORT)
def test_a_room_imports_none_that_stands_on_it(room):
    files = [module for module in MODULES if f"{name_of(module)}.".startswith(f"{room}.")]
    wrong = [
        (name_of(module), target)
        for module in files
        for target in imported_files(module)
        if any(f"{target}.".startswith(f"{other}.") for other in MAY_NOT_IMPORT[room])
    ]
    assert files
    assert wrong == []


@pytest.mark.parametrize("library", ["timm", "ray", "jinja2", "datasets", "matplotlib", "tomllib", "tomli"])
def test_a_library_is_known_to_one_file_only(library):
    assert len(importers(library)) == 1


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("atlas", ("torch", "numpy", "PIL", "timm", "ray", "pydantic", "rich", "click")),
        ("atlas.core", ("torch", "numpy", "PIL")),
        ("atlas.store", ("torch", "numpy", "PIL")),
        ("atlas.photos", ("torch", "numpy", "PIL", "datasets")),
        ("atlas.config", ("torch", "ray", "timm")),
        ("atlas.site", ("torch", "ray", "timm", "matplotlib")),
        ("atlas.cli", ("torch", "ray", "timm")),
    ],
)
def test_an_import_stays_light(module, heavy):
    code = f"import sys, {module}; print(*(name for name in {heavy!r} if name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
