"""What the documentation shows can be done: its commands parse, its Python compiles, its TOML is valid."""

import ast
import re
import shlex
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from documentation import PAGES, ROOT, Block, blocks

import atlas
from atlas.cli.commands import cli
from atlas.config.load import load_config
from atlas.site.words.labels import read_labels

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MODEL = '\n[[models]]\nname = "model"\narchitecture = "resnet18"\n'
RENDER = "\n[[render]]\nclasses = [0]\n"
PHOTOS = '\n[photos]\npath = "photos"\n'


def commands() -> list[tuple[str, str]]:
    """Return place and text of every command of atlas that a page shows."""
    shown = [(block.place, line.partition("#")[0].strip()) for block in blocks("") for line in block.text.splitlines()]
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        shown += [(page.name, " ".join(code.split())) for code in re.findall(r"`(atlas [^`]+)`", text)]
    is_usage = re.compile(r"COMMAND|\[OPTIONS\]")
    return [(place, line) for place, line in shown if line.startswith("atlas ") and not is_usage.search(line)]


def refusal(line: str) -> str:
    """Return what the command line says against a command, without running it; empty if it is right.

    A command alone may be spoken of without the arguments that it needs.
    """
    name, *arguments = shlex.split(line)[1:]
    if name in ("--help", "--version"):
        return ""
    if name not in cli.commands:
        return f"no command {name}"
    try:
        cli.commands[name].make_context(name, arguments)
    except click.MissingParameter as error:
        return str(error) if arguments else ""
    except click.UsageError as error:
        return str(error)
    return ""


def test_every_command_that_is_shown_parses():
    assert len(commands()) > 30
    assert [(place, line, refusal(line)) for place, line in commands() if refusal(line)] == []
    assert refusal("atlas render --onyl KEY") and refusal("atlas rendr") and refusal("atlas build now")


def test_every_extra_and_every_target_of_make_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    extras = set(PROJECT["optional-dependencies"])
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert {name for names in re.findall(r"lens-atlas\[([\w,]+)\]", text) for name in names.split(",")} <= extras
        assert set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)`", text, re.MULTILINE)) <= {
            pair for target in targets for pair in ((target, ""), ("", target))
        }, page


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.place)
def test_python_compiles_and_names_of_atlas_exist(block: Block):
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "atlas":
            assert hasattr(atlas, node.attr), f"atlas.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "atlas":
            assert all(hasattr(import_module(str(node.module)), name.name) for name in node.names), node.module


def whole(text: str) -> str:
    """Return a configuration from a part of one: with a model, photos, or something to render where there is none."""
    table = tomllib.loads(text)
    renders = bool({"render", "concepts", "analyse"} & table.keys())
    needs_photos = bool({"concepts", "analyse"} & table.keys()) or any(
        "photos" in block for block in table.get("render", [])
    )
    return "".join(
        [
            text,
            "" if "models" in table else MODEL,
            "" if renders else RENDER,
            PHOTOS if needs_photos and "photos" not in table else "",
        ]
    )


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.place)
def test_toml_is_a_valid_configuration(block: Block, tmp_path: Path):
    file = tmp_path / "atlas.toml"
    if "[project" in block.text:
        tomllib.loads(block.text)
    elif block.text.startswith('["'):
        file.write_text(block.text, encoding="utf-8")
        assert read_labels(file)
    else:
        file.write_text(whole(block.text), encoding="utf-8")
        (tmp_path / "photos").mkdir()
        for name in ("classes.txt", "labels.toml"):
            (tmp_path / name).touch()
        assert load_config(file).models
