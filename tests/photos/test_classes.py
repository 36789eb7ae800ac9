"""Which class a folder of photos stands for: by name, id, index or mapping; and what is said if it stands for none."""

import pytest
from photo_files import write_files

from atlas.core.model_card import ClassLabel
from atlas.errors import ConfigError
from atlas.photos.classes import match_classes

LABELS = (
    ClassLabel(name="tench", id="n01440764", synonyms=("Tinca tinca",)),
    ClassLabel(name="goldfish", id="n01443537", synonyms=("Carassius auratus",)),
    ClassLabel(name="great white shark", id="n01484850", synonyms=("white shark", "man-eater")),
    ClassLabel(name="crane", id="n02012849", synonyms=("bird",)),
    ClassLabel(name="crane", id="n03126707", synonyms=("machine",)),
    ClassLabel(name="2", id=""),
)


@pytest.fixture
def match(opened, tmp_path):
    """Return a function that matches class folders of one photo each, named, with the labels."""

    def run(*folders, labels=LABELS, mapping=None, name="map.csv"):
        files = {f"{folder}/1.jpg": seed for seed, folder in enumerate(folders)}
        keys = {}
        if mapping is not None:
            keys["classes"] = tmp_path / name
            keys["classes"].write_text(mapping)
        return match_classes(opened(write_files(tmp_path / "photos", files), **keys), labels)

    return run


@pytest.mark.parametrize(
    ("folder", "index"),
    [
        ("n01443537", 1),
        ("N01443537", 1),
        ("n01443537_goldfish", 1),
        ("n01443537-gold fish", 1),
        ("goldfish", 1),
        ("GoldFish", 1),
        ("great_white__shark", 2),
        ("Carassius auratus", 1),
        ("tench, Tinca tinca", 0),
        ("crane, machine", 4),
        ("crane, unheard of, bird", 3),
        ("n03126707_crane", 4),
        ("1", 1),
        ("0001", 1),
        ("great-white-shark", 2),
        ("great white shark...", 2),
        ("Man_Eater", 2),
        ("n01484850-great-white-shark", 2),
        ("2", 5),
    ],
)
def test_a_folder_is_matched(match, folder, index):
    found = match(folder)
    assert (list(found.classes), found.problems) == ([index], [])
    assert [photo.group for photo in found.checked()[index]] == [folder]


def test_a_wordnet_id_before_a_name_does_no_harm_where_classes_have_names_only(match):
    assert list(match("n01443537_goldfish", labels=[ClassLabel(name="Goldfish")]).classes) == [0]


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("goldfisch", ['folder "goldfisch" (1 photo)', 'did you mean "goldfish"']),
        ("n09999999_goldfisch", ['did you mean "goldfish"']),
        ("crane", ["may be class 3 (n02012849, bird) or 4 (n03126707, machine)"]),
        ("6", ["the model has 6, 0 to 5"]),
        ("train/goldfish", ["holds folders itself", '"goldfish"']),
        ("goldfish crackers", ["matches no class"]),
        ("crane machine", ["matches no class"]),
    ],
)
def test_a_folder_that_is_no_class_is_named_with_what_was_meant(match, folder, words):
    found = match(folder, "tench")
    assert list(found.classes) == [0]
    assert [word for word in words if word not in found.problems[0]] == []
    with pytest.raises(ConfigError, match=r"photos\.classes"):
        found.checked()


def test_all_problems_are_named_at_once_but_not_by_the_hundred(match):
    found = match(*(f"folder {number}" for number in range(30)), "tench")
    assert len(found.problems) == 21
    assert found.problems[-1] == "10 further folders without one class each"


def test_two_folders_of_one_class_are_merged_and_identical_photos_count_once(opened, tmp_path):
    files = {"n01443537/1.jpg": 1, "n01443537/2.jpg": 2, "goldfish/7.jpg": 2, "goldfish/8.jpg": 3}
    found = match_classes(opened(write_files(tmp_path / "photos", files)), LABELS).checked()
    assert [photo.name for photo in found[1]] == ["goldfish/7.jpg", "goldfish/8.jpg", "n01443537/1.jpg"]


def test_a_flat_set_has_no_classes_and_no_problem(opened, tmp_path):
    found = match_classes(opened(write_files(tmp_path / "photos", {"1.jpg": 1})), LABELS)
    assert (found.checked(), found.problems) == ({}, [])


@pytest.mark.parametrize(
    ("name", "mapping"),
    [
        ("m.csv", 'folder,class\nfishy,goldfish\nBlue,"Tinca tinca"\ncrane,4\nrest,\n'),
        ("m.csv", "fishy;n01443537\nblue;0\ncrane;n03126707\nrest;\n"),
        ("m.toml", 'fishy = "goldfish"\nblue = 0\ncrane = 4\nrest = ""\n'),
        ("m.json", '{"fishy": "1", "blue": "tench", "crane": 4, "rest": ""}'),
    ],
)
def test_the_mapping_comes_first(match, name, mapping):
    found = match("fishy", "blue", "crane", "rest", "great white shark", mapping=mapping, name=name)
    assert {index: photos[0].group for index, photos in found.checked().items()} == {
        0: "blue",
        1: "fishy",
        2: "great white shark",
        4: "crane",
    }
    assert found.ignored == ("rest",)


def test_a_mapping_to_no_class_is_a_problem(match):
    found = match("tench", mapping="tench,goldfisch\n")
    assert (
        'folder "tench" (1 photo), mapped to "goldfisch", matches no class; did you mean "goldfish"'
        in found.problems[0]
    )


@pytest.mark.parametrize(
    ("name", "mapping", "words"),
    [
        ("m.csv", "a,b\na,b,c\n", ["m.csv", "line 2: 3 fields"]),
        ("m.csv", "a,b\nA,c\n", ["line 2", "another class before"]),
        ("m.json", "[]", ["table from folder to class"]),
        ("m.json", '{"a": true, "b": [1]}', ["a: the class must be", "b: the class must be"]),
        ("m.toml", "a = \n", ["line 1", "TOML"]),
    ],
)
def test_a_malformed_mapping_is_named_by_its_line(match, name, mapping, words):
    with pytest.raises(ConfigError) as caught:
        match("tench", mapping=mapping, name=name)
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_mapping_names_folders_in_any_form(match):
    found = match("cafe\u0301", "gold-fish", "tree_frog", mapping="café,tench\ngold fish,goldfish\nTree-Frog,\n")
    assert (list(found.classes), found.problems, found.ignored) == ([0, 1], [], ("tree_frog",))


def test_a_loose_folder_of_two_classes_is_named_with_both(match):
    found = match(
        "t/shirt-x", "t-shirt", labels=[ClassLabel(name="T shirt"), ClassLabel(name="T:shirt")], mapping="t,\n"
    )
    assert found.problems == [
        'folder "t-shirt" (1 photo) may be class 0 (T shirt) or 1 (T:shirt); map it to one of these indices'
    ]


def test_a_missing_mapping_is_named(opened, tmp_path):
    found = opened(write_files(tmp_path / "photos", {"a/1.jpg": 1}), classes=tmp_path / "none.csv")
    with pytest.raises(ConfigError, match=r'there is no mapping file ".*none\.csv"[\s\S]*photos\.classes'):
        match_classes(found, LABELS)
