"""Finding photos: files as named, folders with all below, each file once."""

import pytest

from atlas.errors import PhotoError
from atlas.photos.find import find_photos


def test_folders_are_searched_sorted_and_hidden_files_left_out(tmp_path):
    for name in ["b/2.jpg", "b/1.jpg", "a/deep/x.png", ".git/objects/1.jpg", "b/.hidden.jpg", "z.txt"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = [path.relative_to(tmp_path).as_posix() for path in find_photos([tmp_path])]
    assert found == ["z.txt", "a/deep/x.png", "b/1.jpg", "b/2.jpg"]


def test_a_file_named_twice_comes_once_in_the_order_named(tmp_path):
    first, second = tmp_path / "2.jpg", tmp_path / "1.jpg"
    first.touch()
    second.touch()
    assert find_photos([first, tmp_path, first]) == [first, second]


def test_a_loop_of_links_ends(tmp_path):
    (tmp_path / "1.jpg").touch()
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert find_photos([tmp_path]) == [tmp_path / "1.jpg"]


def test_a_missing_path_is_named(tmp_path):
    with pytest.raises(PhotoError, match="there is no file or folder .*nowhere"):
        find_photos([tmp_path / "nowhere"])
