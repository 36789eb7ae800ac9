"""Paths as people write them: what they mean, and what is said of those that mean something else than was meant."""

import pytest

from atlas.config.load import load_config
from atlas.config.paths import path_problem
from atlas.core.data_files import parse_toml
from atlas.errors import AtlasError, ConfigError

TOML = """
[[models]]
name = "m"
source = "callable"
architecture = "net:net"
{model}

[[render]]
classes = [0]
{rest}
"""


def write(folder, model="", rest=""):
    path = folder / "atlas.toml"
    path.write_text(TOML.format(model=model, rest=rest))
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("models\temp\best.pt", "'models/temp/best.pt'"),
        ("new\nrun\folder", "'new/nrun/folder'"),
        (r"models\best.pt", 'write "models/best.pt"'),
        (r"C:\data\best.pt", "path of Windows"),
        ("D:/best.pt", "path of Windows"),
        (r"\\server\share\best.pt", "path of Windows"),
        ("https://example.org/best.pt", "an address"),
        ("file:///best.pt", "an address"),
        ("$HOME/best.pt", "variable"),
        ("${DATA}/best.pt", "variable"),
        ("%APPDATA%/best.pt", "variable"),
        ("~nobody-of-that-name/best.pt", "a user who has no home here"),
    ],
)
def test_a_path_that_means_something_else_is_named(tmp_path, text, says):
    assert says in path_problem(text, tmp_path)


@pytest.mark.parametrize("text", ["a/b.pt", "../x y/ü.pt", "~/w.pt", "it$", "50%", ".", "train-{000..012}.tar", "/abs"])
def test_other_paths_are_left_alone(tmp_path, text):
    assert path_problem(text, tmp_path) == ""


def test_a_file_that_is_there_may_have_any_name(tmp_path):
    for name in (r"a\b.pt", "$HOME.pt", "C:\\x"):
        (tmp_path / name).touch()
        assert path_problem(name, tmp_path) == ""


def test_the_configuration_names_the_key_and_the_way_to_write_it(tmp_path):
    path = write(
        tmp_path, r'checkpoint = "models\temp\best.pt"', "[photos]\npath = \"my\\tphotos\"\n[store]\npath = 'b\\s'"
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    for part in ("models[0].checkpoint", "'models/temp/best.pt'", "photos.path", "'my/tphotos'", "store.path", '"b/s"'):
        assert part in str(caught.value)


@pytest.mark.parametrize("text", [r"C:\models\w.pt", r"C:\users\w.pt", r"a\x", r"models\w.pt"])
def test_backslashes_that_are_no_toml_are_explained(text):
    with pytest.raises(AtlasError, match=r"backslash begins an escape.*with /, or as '"):
        parse_toml(f'checkpoint = "{text}"'.encode(), "atlas.toml")


def test_a_configuration_reached_through_a_link_stays_where_it_was_named(tmp_path):
    real, project, shared = tmp_path / "real", tmp_path / "project", tmp_path / "shared"
    for folder in (real, project):
        folder.mkdir()
    write(real, 'checkpoint = "w.pt"')
    (project / "atlas.toml").symlink_to(real / "atlas.toml")
    shared.symlink_to(project)
    for folder in (project, shared):
        config = load_config(folder / "atlas.toml")
        assert config.store.path == folder / "build" / "store" and config.site.path == folder / "build" / "site"
        assert config.models[0].checkpoint == folder / "w.pt" and config.models[0].folder == folder

    assert load_config(shared / ".." / "shared" / "atlas.toml").store.path.resolve() == project / "build" / "store"
