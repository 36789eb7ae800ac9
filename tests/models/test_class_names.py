"""Class names from files, from ImageNet and from nowhere."""

import json

import pytest

from atlas.errors import ModelError
from atlas.models.class_names import class_labels, read_class_names
from atlas.models.spec import ModelSpec

HOSTILE = ["<script>alert(1)</script>", "../../etc", "ن" * 300, "a,b", 'quote"d', "line\u2028separator"]


def spec(path=None):
    return ModelSpec(name="m", architecture="resnet18", class_names=path)


def names(path):
    return [label.name for label in read_class_names(path)]


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_any_text_one_name_a_line(tmp_path, ending):
    path = tmp_path / "names.txt"
    newline = ending or "\n"
    path.write_bytes((newline.join(HOSTILE) + ending).encode("utf-8-sig"))
    assert names(path) == HOSTILE


@pytest.mark.parametrize("header", ["", "index,name\n"])
def test_rows_of_index_and_name_in_any_order(tmp_path, header):
    path = tmp_path / "names.csv"
    path.write_text(header + '1,"b, or ""bee"""\n0,a\n2,c\n', encoding="utf-8")
    assert names(path) == ["a", 'b, or "bee"', "c"]


@pytest.mark.parametrize("content", [HOSTILE, {str(i): name for i, name in reversed(list(enumerate(HOSTILE)))}])
def test_json(tmp_path, content):
    path = tmp_path / "names.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert names(path) == HOSTILE


def test_json_with_ids(tmp_path):
    path = tmp_path / "index.json"
    path.write_text('{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}')
    assert [(label.id, label.name) for label in read_class_names(path)] == [
        ("n01440764", "tench"),
        ("n01443537", "goldfish"),
    ]


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("a.txt", b"one\n\nthree\n", "class 1 has the name ''"),
        ("a.txt", b"\xff\xfe", "not UTF-8"),
        ("a.json", b"[1, 2]", "class 0 has the name 1"),
        ("a.json", b"{", "not JSON"),
        ("a.json", b"3", "hold int"),
        ("a.csv", b"0,a\n2,b\n", "lack index 1"),
        ("a.csv", b"0,a\n0,b\n", "index 0 twice"),
        ("a.json", b'{"a": "b"}', "lack index 0"),
    ],
)
def test_malformed_files_are_refused(tmp_path, file, content, says):
    (tmp_path / file).write_bytes(content)
    with pytest.raises(ModelError, match=says):
        read_class_names(tmp_path / file)


def test_a_file_wins_and_must_name_every_class(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("\n".join(f"class {index}" for index in range(1000)))
    assert class_labels(spec(path), 1000)[7].name == "class 7"
    with pytest.raises(ModelError, match="name 1000 classes, but the model has 12"):
        class_labels(spec(path), 12)
    with pytest.raises(ModelError, match="no class output"):
        class_labels(spec(path), 0)
    with pytest.raises(ModelError, match="No such file"):
        class_labels(spec(tmp_path / "absent.txt"), 3)


def test_imagenet_and_numbers():
    labels = class_labels(spec(), 1000)
    assert (labels[1].name, labels[1].id, labels[1].synonyms) == ("goldfish", "n01443537", ("Carassius auratus",))
    assert len({label.id for label in labels}) == 1000
    assert [label.name for label in class_labels(spec(), 3)] == ["0", "1", "2"]
    assert class_labels(spec(), 0) == ()
