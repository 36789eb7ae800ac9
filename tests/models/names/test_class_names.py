"""Class names from files, from ImageNet and from nowhere: lists as people have them are read, or refused."""

import csv
import io
import json
import random

import pytest

from atlas.core.model_card import ClassLabel
from atlas.errors import ModelError
from atlas.models.names.class_names import class_names, read_class_names
from atlas.models.spec import ModelSpec

HOSTILE = [
    "<script>alert(1)</script>",
    "../../etc",
    "ن" * 300,
    "a,b",
    'quote"d',
    "line\u2028separator",
    "[PAD]",
    "3 men",
]
NAMES = ["tench, Tinca tinca", "goldfish", "crane", "it's", "crane"]
IDS = ["n01440764", "n01443537", "n02012849", "n02708093", "n03126707"]
FLOWERS = ["daisy", "dandelion", "roses", "sunflowers", "tulips"]


def spec(path=None):
    return ModelSpec(name="m", architecture="resnet18", class_names=path)


def class_labels(spec, classes):
    return class_names(spec, classes).labels


@pytest.fixture
def read(tmp_path):
    """Return the labels of a file with that ending and content."""

    def run(ending, content):
        path = tmp_path / f"names{ending}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return read_class_names(path)

    return run


def lines(pattern, names=FLOWERS, first=0):
    return "\n".join(pattern.format(number=first + i, name=name, id=IDS[i]) for i, name in enumerate(names)) + "\n"


def table(rows, delimiter=","):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


NUMBERED = [
    *(
        "{number}:{name}",
        "{number}: {name}",
        "{number} {name}",
        "{number}\t{name}",
        "{number},{name}",
        "{number};{name}",
    ),
    *(
        "{number}. {name}",
        "{number}) {name}",
        "{number} - {name}",
        "{number}|{name}",
        "{number} = {name}",
        "{number} -> {name}",
        " {number} {name}",
    ),
    *(
        "{name}:{number}",
        "{name} {number}",
        "{name}\t{number}",
        "{name} = {number}",
        "{name}, {number}",
        "/{name[0]}/{name} {number}",
    ),
    *("{number}: '{name}',", '"{number}": "{name}",'[1:-1].replace('"', "", 1), "- {number}: {name}"),
]


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("pattern", NUMBERED)
def test_lines_that_all_have_their_own_number(read, pattern, first):
    assert [label.name for label in read(".txt", lines(pattern, first=first))] == FLOWERS


LISTS = {
    "plain": (".txt", lines("{name}")),
    "names file": (".names", lines("{name}")),
    "blank lines at both ends": (".txt", "\n \n" + lines("{name}") + "\n\n  \n\r\n"),
    "carriage returns": (".txt", lines("{name}").replace("\n", "\r\n")),
    "carriage returns alone": (".txt", lines("{name}").replace("\n", "\r")),
    "comments": (".txt", "# flowers of the field\n" + lines("{name}")),
    "marks of a list": (".txt", lines("- {name}")),
    "quotes": (".txt", lines('"{name}"')),
    "quotes and commas": (".txt", lines("    '{name}',")),
    "blank lines between numbers": (".txt", lines("{number} {name}\n")),
    "numbers in another order": (".txt", "\n".join(reversed(lines("{number}: {name}").splitlines()))),
    "leading zeros": (".txt", lines("{number:03d} {name}")),
    "header above numbers": (".txt", "label_id: label\n" + lines("{number}: {name}")),
    "csv": (".csv", table(enumerate(FLOWERS))),
    "csv as text": (".txt", table(enumerate(FLOWERS))),
    "csv with a header": (".csv", table([("index", "name"), *enumerate(FLOWERS)])),
    "csv with an unknown header": (".csv", table([("Nr", "Blume"), *enumerate(FLOWERS)])),
    "csv the other way": (".csv", table([(name, i) for i, name in enumerate(FLOWERS)])),
    "csv the other way with a header": (".csv", table([("class", "label"), *((n, i) for i, n in enumerate(FLOWERS))])),
    "csv of one column": (".csv", table([[name] for name in FLOWERS])),
    "csv of one column with a header": (".csv", table([["Name"], *([name] for name in FLOWERS)])),
    "csv of pandas": (".csv", table([("", "name", "count"), *((i, n, 7 * i) for i, n in enumerate(FLOWERS))])),
    "csv of many columns": (
        ".csv",
        table([("count", "label", "class_name"), *((9, i, n) for i, n in reversed(list(enumerate(FLOWERS))))]),
    ),
    "csv without index": (".csv", table([("name", "latin"), *((name, "x y") for name in FLOWERS)])),
    "csv of floats": (".csv", table([("index", "name"), *((f"{i}.0", n) for i, n in reversed([*enumerate(FLOWERS)]))])),
    "csv with pipes": (".csv", table([("index", "name"), *enumerate(FLOWERS)], "|")),
    "csv with words run together": (".csv", table([("ClassId", "DisplayName"), *enumerate(FLOWERS)])),
    "csv with words apart": (".csv", table([("Class Name", "Class ID"), *((n, i) for i, n in enumerate(FLOWERS))])),
    "csv with semicolons": (".csv", table([("id", "name"), *enumerate(FLOWERS)], ";")),
    "csv with a mark of order": (".csv", b"\xef\xbb\xbf" + table([("id", "name"), *enumerate(FLOWERS)]).encode()),
    "tsv": (".tsv", table([("id", "name"), *enumerate(FLOWERS)], "\t")),
    "tsv as text": (
        ".txt",
        table([("class_id", "class_name", "n"), *((i, n, 3) for i, n in enumerate(FLOWERS))], "\t"),
    ),
    "json list": (".json", json.dumps(FLOWERS)),
    "json list as text": (".txt", json.dumps(FLOWERS, indent=1)),
    "json under a key in capitals": (".json", json.dumps({"CLASSES": FLOWERS, "PALETTE": [[0, 0, 0]]})),
    "json by index": (".json", json.dumps(dict(enumerate(FLOWERS)))),
    "json by index from 1": (".json", json.dumps(dict(enumerate(FLOWERS, start=1)))),
    "json by name": (".json", json.dumps({name: i for i, name in reversed(list(enumerate(FLOWERS)))})),
    "json by name with text numbers": (".json", json.dumps({name: str(i) for i, name in enumerate(FLOWERS)})),
    "json of configurations": (
        ".json",
        json.dumps({"num_labels": 5, "id2label": dict(enumerate(FLOWERS)), "label2id": {"daisy": 0}}),
    ),
    "json of label2id alone": (".json", json.dumps({"label2id": {name: i for i, name in enumerate(FLOWERS)}})),
    "json of timm": (".json", json.dumps({"architecture": "resnet18", "label_names": FLOWERS, "num_classes": 5})),
    "json of timm's hub": (".json", json.dumps({"num_classes": 5, "pretrained_cfg": {"label_names": FLOWERS}})),
    "json of categories": (".json", json.dumps({"categories": [{"id": i, "name": n} for i, n in enumerate(FLOWERS)]})),
    "json of objects": (".json", json.dumps([{"id": i + 1, "name": n} for i, n in enumerate(FLOWERS)][::-1])),
    "json of objects without index": (".json", json.dumps([{"name": name, "colour": "x"} for name in FLOWERS])),
    "json of pairs": (".json", json.dumps(list(enumerate(FLOWERS)))),
    "json of columns": (".json", json.dumps({"name": {str(i): name for i, name in enumerate(FLOWERS)}})),
    "json by index of lists": (".json", json.dumps({i: [name] for i, name in enumerate(FLOWERS)})),
    "json lines": (".jsonl", "\n".join(json.dumps({"label": i, "name": n}) for i, n in enumerate(FLOWERS))),
    "json lines of one key": (".txt", "\n".join(json.dumps({str(i): n}) for i, n in enumerate(FLOWERS))),
    "python dict": (".txt", repr(dict(enumerate(FLOWERS)))),
    "python dict over lines": (".txt", repr(dict(enumerate(FLOWERS))).replace(", ", ",\n ")),
    "python dict in a json file": (".json", repr(dict(enumerate(FLOWERS)))),
    "python dict of Python 2": (".txt", repr(dict(enumerate(FLOWERS))).replace(": '", ": u'")),
    "python dict the other way": (".txt", repr({name: i for i, name in enumerate(FLOWERS)})),
    "python list": (".txt", repr(FLOWERS)),
    "python list with a name": (".py", "# flowers\nNAMES = [\n" + lines('    "{name}",  # {number}') + "]\n"),
    "python tuple": (".txt", repr(tuple(FLOWERS))),
    "python tuple with a name": (".py", "VOC_CLASSES = (\n" + lines('    "{name}",  # {number}') + ")\n"),
    "bullets": (".txt", lines("• {name}")),
    "marks of no width": (".txt", lines("\ufeff{name}\u200b")),
    "folders of scenes": (".txt", "\n".join(f"/{name[0]}/{name}" for name in FLOWERS)),
    "python tuples": (".txt", repr(list(enumerate(FLOWERS)))),
    "json with a comma too many": (".json", '["daisy", "dandelion", "roses", "sunflowers", "tulips",]'),
}


@pytest.mark.parametrize("case", LISTS)
def test_lists_as_people_have_them(read, case):
    assert [(label.name, label.id) for label in read(*LISTS[case])] == [(name, "") for name in FLOWERS]


@pytest.mark.parametrize("pattern", ["{name} {number}", "{number} {name}", "{name}\t{number}"])
def test_the_two_classes_of_a_binary_classifier_are_numbered_too(read, pattern):
    assert [label.name for label in read(".txt", lines(pattern, FLOWERS[:2]))] == FLOWERS[:2]


WITH_IDS = {
    "synset words": (".txt", lines("{id} {name}", NAMES)),
    "with colons": (".txt", lines("{id}: {name}", NAMES)),
    "with tabs": (".txt", lines("{id}\t{name}", NAMES)),
    "csv": (".csv", table(zip(IDS, NAMES, strict=True))),
    "csv with a header": (".csv", table([("wnid", "words"), *zip(IDS, NAMES, strict=True)])),
    "csv with id and index": (
        ".csv",
        table([("index", "mid", "display_name"), *zip(range(5), IDS, NAMES, strict=True)]),
    ),
    "id, number and name in one order": (".txt", lines("{id} {number} {name}", NAMES)),
    "json by index": (".json", json.dumps({i: [IDS[i], NAMES[i]] for i in range(5)})),
    "as folders are called": (".txt", lines("{id}_{name}", NAMES)),
    "index, id and name": (".txt", lines("{number}: {id} {name}", NAMES)),
    "id last": (".txt", lines("{name} {id}", NAMES)),
    "csv of index, id and name": (".csv", table(zip(range(5), IDS, NAMES, strict=True))),
    "json by id": (".json", json.dumps(dict(zip(IDS, NAMES, strict=True)))),
    "json of timm": (
        ".json",
        json.dumps({"label_names": IDS, "label_descriptions": dict(zip(IDS, NAMES, strict=True))}),
    ),
    "python dict": (".txt", repr({i: [IDS[i], NAMES[i]] for i in range(5)})),
}


@pytest.mark.parametrize("case", WITH_IDS)
def test_ids_are_kept_and_the_first_of_their_names_is_shown(read, case):
    labels = read(*WITH_IDS[case])
    assert [label.id for label in labels] == IDS
    assert [label.name for label in labels] == ["tench", *NAMES[1:]]
    assert labels[0].synonyms == ("Tinca tinca",)


@pytest.mark.parametrize(
    ("ending", "content"),
    [
        (".txt", lines("{id}")),
        (".txt", lines("{number} {id}")),
        (".csv", "wnid\n" + lines("{id}")),
        (".json", json.dumps(IDS)),
        (".json", json.dumps({identifier: i for i, identifier in enumerate(IDS)})),
    ],
)
def test_ids_alone_get_the_names_that_wordnet_has(read, ending, content):
    labels = read(ending, content)
    assert [label.id for label in labels] == IDS
    assert [label.name for label in labels] == ["tench", "goldfish", "crane", "analog clock", "crane"]
    assert labels[0] == ClassLabel(name="tench", id="n01440764", synonyms=("Tinca tinca",))


def test_lists_of_names_of_one_class_are_synonyms(read):
    assert read(".json", '{"0": ["tench", "Tinca tinca"], "1": ["n01443537", "goldfish", "gold fish"]}') == (
        ClassLabel(name="tench", synonyms=("Tinca tinca",)),
        ClassLabel(name="goldfish", id="n01443537", synonyms=("gold fish",)),
    )


def test_an_id_that_wordnet_does_not_have_is_its_own_name(read):
    assert read(".txt", "n99999999\nn01440764\n")[0] == ClassLabel(name="n99999999", id="n99999999")


def test_ids_of_open_images(read):
    labels = read(".csv", "/m/011k07,Tortoise\n/m/011q46kg,Container\n")
    assert [(label.id, label.name) for label in labels] == [("/m/011k07", "Tortoise"), ("/m/011q46kg", "Container")]


def test_timms_descriptions_are_synonyms(read):
    config = {"label_names": ["a", "b"], "label_descriptions": {"a": "a letter", "b": "b"}}
    assert read(".json", json.dumps(config)) == (ClassLabel(name="a", synonyms=("a letter",)), ClassLabel(name="b"))


NAMES_AS_THEY_STAND = {
    "hostile": HOSTILE,
    "numbers": [str(i) for i in range(10)],
    "numbers of years": ["1999", "2001", "2004"],
    "numbers in names": ["3 musketeers", "101 dalmatians", "7 samurai"],
    "coins": ["1 cent", "2 cent", "5 cent", "10 cent", "1 euro", "2 euro"],
    "one name with numbers": ["class 0", "class 1", "class 2", "class 3"],
    "numbers first of one name": ["0 stars", "1 stars", "2 stars"],
    "rockets": ["Saturn 5", "Ariane 5", "Ariane 6"],
    "two of a kind": ["Gemini 1", "Apollo 2"],
    "commas": ["tench, Tinca tinca", "great white shark, white shark", "cock"],
    "colons": ["dog: poodle", "dog: beagle", "cat"],
    "birds": ["001.Black_footed_Albatross", "002.Laysan_Albatross", "003.Sooty_Albatross"],
    "brackets": ["[UNK]", "{x}", "a"],
    "parentheses": ["(red) fox", "(grey) wolf", "cat"],
    "symbols": ["(", ")", "[", "+"],
    "a colon and a number": ["Apollo 11", "ratio 4:3", "cat"],
    "a hash": ["!", "#", "$"],
    "one": ["7 of 9"],
    "mostly ids": ["n01440764", "n01443537", "other"],
}


@pytest.mark.parametrize("case", NAMES_AS_THEY_STAND)
def test_numbers_that_belong_to_the_names_stay(read, case):
    names = NAMES_AS_THEY_STAND[case]
    for newline in ("\n", "\r\n"):
        assert [label.name for label in read(".txt", newline.join(names))] == names
        assert [label.name for label in read(".txt", newline.join(names) + newline)] == names
    assert [label.name for label in read(".json", json.dumps(names))] == names
    indexed = list(enumerate(names))
    random.Random(0).shuffle(indexed)
    assert [label.name for label in read(".csv", table([("index", "name"), *indexed]))] == names
    assert [label.name for label in read(".json", json.dumps({str(i): name for i, name in indexed}))] == names


REFUSED = {
    "empty": (".txt", b"\n\n", "hold nothing"),
    "blank line": (".txt", b"one\n\nthree\n", "class 1 the name '' \\(line 2\\)"),
    "UTF-16": (".txt", "a\nb".encode("utf-16"), "UTF-16"),
    "Latin-1": (".txt", "a\nÄ".encode("latin-1"), "line 2: not UTF-8"),
    "numbers in JSON": (".json", b"[1, 2]", "class 0 the name 1"),
    "null": (".json", b'["a", null]', "class 1 the name null"),
    "cut off": (".json", b"{", "not JSON"),
    "a number": (".json", b"3", "hold int"),
    "gap": (".csv", b"0,a\n2,b\n", "lack index 1"),
    "gap after colons": (".txt", b"0:a\n2:b\n", "lack index 1"),
    "gap after spaces": (".txt", b"0 a\n1 b\n2 c\n4 d\n5 e\n", "lack index 3"),
    "twice": (".csv", b"0,a\n0,b\n", "index 0 twice"),
    "twice in Python": (".txt", b"{0: 'a', 0: 'b'}", "index 0 twice"),
    "twice in JSON": (".json", b'{"0": "a", "0": "b"}', "twice"),
    "two names of one index": (".json", b'{"a": 0, "b": 0}', "index 0 twice"),
    "gap the other way": (".json", b'{"a": 0, "b": 2}', "lack index 1"),
    "from 2": (".txt", b"2:a\n3:b\n", "lack index 0, 1"),
    "other keys": (".json", b'{"a": "b"}', 'lack index 0: the keys are "a"'),
    "Python cut off": (".txt", b"{0: 'a',\n 1: 'b',\n", "not JSON, nor a list or dict of Python"),
    "Python code": (".txt", b"[open('x'), 'b']", "not JSON, nor a list or dict of Python"),
    "JavaScript": (".js", b"export const NAMES = {\n 0: 'a',\n 1: 'b'\n};\n", "program text"),
    "placeholders": (".json", b'{"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}', "LABEL_0"),
    "web page": (".txt", b"\n<!DOCTYPE html>\n<html>\n", "web page"),
    "LFS": (".txt", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n", "Git LFS"),
    "protocol buffers": (".pbtxt", b"item {\n  id: 1\n  name: 'a'\n}\nitem {\n  id: 2\n  name: 'b'\n}\n", "label map"),
    "YAML": (".yaml", b"path: coco\nnames:\n  0: person\n  1: bicycle\n", "YAML"),
    "YAML in a line": (".yaml", b"nc: 2\nnames: ['a', 'b']\n", "YAML"),
    "two orders": (".txt", b"n02119789 1 kit_fox\nn02100735 2 English_setter\n", "two different orders"),
    "ids in no order": (".json", b'{"n02119789": "a", "n02100735": "b"}', "without saying their order"),
    "which column": (".csv", b"daisy,white\nrose,red\n", "without saying which holds the names"),
    "unknown columns": (".json", b'[{"colour": "red"}]', "no name, but the keys colour"),
    "a row too long": (".csv", b"index,name\n0,a,b\n1,c\n", "3 fields on line 2"),
    "a whole text": (".txt", b"x" * 5000, "a name of 5,000 characters"),
    "digits": (".json", b"[" + b"9" * 5000 + b"]", "5000 digits"),
    "surrogate": (".json", b'["\\ud800"]', "surrogate"),
    "surrogate of Python": (".txt", b"['\\ud800']", "surrogate"),
    "nested": (".json", b"[" * 5000, "nested far too deeply"),
    "nested Python": (".txt", b"[" * 150 + b"'a'" + b"]" * 150, "nested far too deeply"),
    "NUL": (".txt", b"a\0b\n", "NUL"),
    "an empty list": (".json", b"[]", "hold nothing"),
    "three columns of text": (".txt", b"0\tdaisy\tflower\n1\trose\tflower\n", "a name with a tab"),
    "pairs": (".txt", b"(0, 'a')\n(1, 'b')\n", "look like no names"),
    "labelled numbers": (".txt", b"class 0: a\nclass 1: b\n", "look like no names"),
    "INI": (".ini", b"[labels]\na=0\nb=1\n", "look like no names"),
    "Markdown": (".md", b"| index | name |\n|---|---|\n| 0 | a |\n", "look like no names"),
    "entries of a dict": (".txt", b"'a': 0,\n'b': 1,\n", "look like no names"),
    "an ordered dict": (".txt", b"OrderedDict([(0, 'a'), (1, 'b')])", "look like no names"),
    "keys of a dict": (".txt", b"dict_keys(['a', 'b'])", "look like no names"),
    "an array": (".txt", b"array(['a', 'b'], dtype='<U1')", "look like no names"),
    "a call": (".txt", b"dict(a=0, b=1)", "look like no names"),
    "C": (".h", b'const char* names[] = {"a", "b"};', "look like no names"),
    "a node module": (".js", b"module.exports = {0: 'a', 1: 'b'}", "look like no names"),
    "HTML": (".html", b"<ul><li>a</li><li>b</li></ul>", "look like no names"),
    "not found": (".txt", b"404: Not Found", "look like no names"),
    "printed by pandas": (".txt", b"0    a\n1    b\nName: label, dtype: object\n", "printed table of pandas"),
    "printed by pandas with two columns": (".txt", b"   id name\n0   0    a\n1   1    b\n", "two columns of numbers"),
    "codes of letters": (".txt", b"0 48\n1 49\n2 50\n", "two columns of numbers"),
    "printed by fastai": (".txt", b"(#2) ['a', 'b']\n", "not JSON, nor a list or dict"),
    "printed by NumPy": (".txt", b"['a' 'b'\n 'c']", "not JSON, nor a list or dict"),
    "printed by R": (".txt", b'[1] "a" "b"\n[3] "c" "d"\n', "not JSON, nor a list or dict"),
    "settings": (".data", b"classes= 2\ntrain  = data/train.txt\nnames = data/obj.names\n", "look like no names"),
    "a program": (".py", b"import os\nCLASSES = ['a', 'b']\n", "program text"),
    "PHP": (".php", b"<?php return ['a', 'b'];", "program text"),
    "SQL": (".sql", b"INSERT INTO c VALUES (0, 'a');\nINSERT INTO c VALUES (1, 'b');\n", "look like no names"),
    "files with labels": (".txt", b"train/a/1.jpg 0\ntrain/b/2.JPEG 1\ntrain/b/3.png 1\n", "look like no names"),
    "files": (".txt", b"a/1.jpg\nb/2.jpg\n", "look like no names"),
    "paths": (".txt", b"/data/train/a\n/data/train/b\n", "look like no names"),
    "folders": (".txt", b"train/a/\ntrain/b/\n", "look like no names"),
    "a listing": (
        ".txt",
        b"drwxr-xr-x 2 me me 4096 Jan  1 a\ndrwxr-xr-x 2 me me 4096 Jan  1 b\n",
        "look like no names",
    ),
    "a tree": (".txt", "├── a\n└── b\n".encode(), "look like no names"),
    "counts": (".txt", b"    500 a\n    400 b\n", "look like no names"),
    "counts after": (".txt", b"a      500\nb      400\n", "look like no names"),
    "a drawn table": (".txt", b"+---+---+\n| 0 | a |\n+---+---+\n", "look like no names"),
    "entries of JSON": (".txt", b'"0": "a",\n"1": "b"\n', "look like no names"),
    "not merged": (".txt", b"<<<<<<< HEAD\na\n=======\nb\n>>>>>>> other\n", "Git could not merge"),
    "a key of YAML": (".yaml", b"classes:\n  - a\n  - b\n", "YAML"),
    "a table of YAML": (".yaml", b"labels:\n  0: a\n  1: b\n", "YAML"),
    "objects of YAML": (".yaml", b"- id: 0\n  name: a\n- id: 1\n  name: b\n", "YAML"),
    "folders in another order": (".txt", b"002.a\n000.b\n001.c\n", "in another order"),
    "nothing to see": (".txt", "a\n\u200b\nb\n".encode(), "class 1 the name"),
    "two lines": (".csv", b'index,name\n0,"big\ncat"\n1,dog\n', "a name of several lines"),
    "an open quote": (".csv", b'index,name\n0,"cat\n1,dog\n', "no table: line"),
    "an index of letters": (".csv", b"index,name\na,cat\nb,dog\n", "does not hold whole numbers"),
    "a log": (".txt", b"class: 0\nclass: 1\n", "look like no names"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_list_is_refused_in_one_sentence(read, case):
    ending, content, says = REFUSED[case]
    with pytest.raises(ModelError, match=says) as caught:
        read(ending, content)
    assert "names" in caught.value.message
    assert caught.value.remedy


def test_a_file_wins_and_must_name_every_class(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("\n".join(f"class {index}" for index in range(1000)))
    assert class_labels(spec(path), 1000)[7].name == "class 7"
    assert class_names(spec(path), 1000).origin == "the file names.txt"
    with pytest.raises(ModelError, match="name 1000 classes, but the model has 12"):
        class_labels(spec(path), 12)
    with pytest.raises(ModelError, match="no class output"):
        class_labels(spec(path), 0)
    with pytest.raises(ModelError, match="there is no file of class names"):
        class_labels(spec(tmp_path / "absent.txt"), 3)
    path.write_text("background\na\nb\n")
    with pytest.raises(ModelError, match=r'name 3 classes, but the model has 2[\s\S]*take out the first name, "backgr'):
        class_labels(spec(path), 2)


def test_names_of_the_source_and_numbers():
    came = {"label_names": ("n01440764", "n01443537"), "label_descriptions": {"n01440764": "tench, Tinca tinca"}}
    known, origin = class_names(spec(), 2, came)
    assert origin == "the configuration of the weights"
    assert known == (
        ClassLabel(name="tench", id="n01440764", synonyms=("Tinca tinca",)),
        ClassLabel(name="goldfish", id="n01443537", synonyms=("Carassius auratus",)),
    )
    assert class_names(spec(), 3, came) == (tuple(ClassLabel(name=name) for name in "012"), "")
    assert class_names(spec(), 0, came) == ((), "")


@pytest.mark.parametrize("classes", [1000, 11221, 11821, 21841, 21842, 21843])
def test_imagenet_by_the_number_of_its_classes(classes):
    labels = class_labels(spec(), classes)
    goldfish = next(label for label in labels if label.id == "n01443537")
    assert (goldfish.name, goldfish.synonyms) == ("goldfish", ("Carassius auratus",))
    assert len({label.id for label in labels}) == len(labels) == classes
    assert "imagenet" in class_names(spec(), classes).origin
    if classes == 1000:
        assert labels.index(goldfish) == 1
