"""Registries: parts of several packages by name, of which one that fails harms nobody else."""

import sys

import pytest

from atlas import __version__
from atlas.core.registry import OURS, Registry
from atlas.errors import ConfigError

GROUP = "atlas.testing"


class Part:
    """What the registry of these tests holds."""


OWN = Part()


@pytest.fixture
def install(packages, monkeypatch):
    """Make an installed package: its name, its module's code, and its entry points; ``home`` is this module."""
    monkeypatch.setitem(sys.modules, "home_of_parts", sys.modules[__name__])
    return lambda name, code, **points: packages.install(name, f"import home_of_parts as home\n{code}", GROUP, **points)


def registry(**ours: str) -> Registry[Part]:
    return Registry("part", GROUP, Part, ours)


def test_parts_of_all_packages_are_alike_and_say_where_they_come_from(install):
    install("other", "X = home.Part()", theirs="X")
    parts = registry(own=f"{__name__}:OWN")
    assert parts.names() == ["own", "theirs"]
    assert "other" not in sys.modules  # naming them loads nothing
    assert parts.get("own") is OWN
    assert parts.get("theirs") is sys.modules["other"].X
    assert [name for name, _ in parts] == ["own", "theirs"]
    assert str(parts.origin("theirs")) == "other 1.2"
    assert parts.origin("own") == OURS and str(OURS) == f"lens-atlas {__version__}"
    assert parts.broken() == {}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import a_package_that_is_not_there", "ModuleNotFoundError: No module named 'a_package_that_is_not_there'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("Y = 1", "AttributeError"),
        ("X = home.Part", '"rotten:X", which is no instance of Part'),
    ],
)
def test_a_part_that_fails_is_an_error_of_whoever_asks_for_it_alone(install, code, reason):
    install("rotten", code, bad="X")
    parts = registry(own=f"{__name__}:OWN")
    assert parts.names() == ["bad", "own"]
    assert parts.check("bad") == "bad"
    assert parts.get("own") is OWN
    assert [name for name, _ in parts] == ["own"]
    with pytest.raises(ConfigError) as caught:
        parts.get("bad")
    assert 'the part "bad" of rotten 1.2' in caught.value.message and reason in caught.value.message
    assert "pip uninstall rotten" in caught.value.message
    assert list(parts.broken()) == ["bad"]


def test_what_is_wrong_with_our_own_is_not_explained_away():
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        registry(own="nowhere:X").get("own")


def test_a_name_that_two_packages_took_names_both(install):
    install("first", "X = home.Part()", same="X", other="X")
    install("second", "X = home.Part()", same="X", own="X")
    parts = registry(own=f"{__name__}:OWN")
    for name, packages in {"same": ("first 1.2", "second 1.2"), "own": (str(OURS), "second 1.2")}.items():
        with pytest.raises(ConfigError, match=f'two parts are called "{name}"') as caught:
            parts.get(name)
        assert all(package in caught.value.message for package in packages)
        assert "uninstall" in caught.value.message
    assert parts.get("other") is sys.modules["first"].X
    assert sorted(parts.broken()) == ["own", "same"]


def test_what_is_registered_on_import_counts_as_well(install):
    parts = registry()
    parts.register("own", OWN)
    sys.modules[__name__].PARTS = parts
    install("both", "X = home.PARTS.register('x', home.Part())", x="X")
    install("thief", "X = home.Part()", own="X")
    assert parts.names() == ["own", "x"]
    assert parts.get("x") is sys.modules["both"].X  # the entry point and the registration are one and the same
    with pytest.raises(ConfigError, match='two parts are called "own": that of .*, and that of thief 1.2'):
        parts.get("own")
    with pytest.raises(ConfigError, match='two parts are called "x"'):
        parts.register("x", OWN)


def test_an_unknown_name_gets_the_nearest_or_all():
    parts = registry(spectral="x:y", random="x:z")
    with pytest.raises(ConfigError, match='there is no part "spektral"; did you mean "spectral"'):
        parts.get("spektral")
    with pytest.raises(ValueError, match='there is no part "q"; allowed: "random", "spectral"'):
        parts.check("q")
    with pytest.raises(ConfigError, match="there is no part"):
        parts.origin("q")
    with pytest.raises(ConfigError, match="allowed: none"):
        registry().get("q")
