"""Every kind of file that people write or that may be damaged, mutated: it is read, or one error says what is wrong."""

import random
from pathlib import Path

import pytest
from records import done, failed

from atlas.config.load import TEMPLATE, load_config
from atlas.core.attempt import Attempt
from atlas.core.record import Record
from atlas.errors import AtlasError
from atlas.models.names.class_names import read_class_names
from atlas.photos.attribution import read_attribution
from atlas.photos.classes import read_mapping
from atlas.site.words.labels import read_labels
from atlas.store.documents import encode, parse

CONFIGURATION = b"""
[executor]
kind = "serial"
threads = 1
[photos]
path = "photos"
classes = "m.csv"
[[models]]
name = "a"
source = "callable"
architecture = "net:net"
size = [32, 32]
mean = [0.5]
class_names = "c.txt"
arguments = { depth = 3, dims = [1, 2] }
[[render]]
classes = ["goldfish", 3]
seeds = [0, 1]
parameters = { steps = 3, image_size = 32 }
[[render]]
layers = ["*"]
units = [1, "2-4"]
photos = { sample = 2, seed = 1 }
"""

KINDS = {
    "atlas.toml": (load_config, [CONFIGURATION, TEMPLATE.read_bytes()]),
    "labels.toml": (read_labels, [b'["0a1b2c3d4e5f"]\ntext = "stripes"\nauthor = "Ada"\n']),
    "mapping.csv": (read_mapping, [b'folder,class\na,1\nb,"tench, x"\n']),
    "mapping.json": (read_mapping, [b'{"a": 1, "b": "tench", "c": ""}']),
    "mapping.toml": (read_mapping, [b'a = 1\n"b c" = "x"\n']),
    "sources.csv": (lambda path: read_attribution({}, path), [b"file,author,licence\na/1.jpg,Ann,CC0\n*,,CC BY\n"]),
    "sources.json": (lambda path: read_attribution({}, path), [b'{"*": {"author": "A"}, "a": [{"file": "x"}]}']),
    "sources.toml": (lambda path: read_attribution({}, path), [b'["a/b.jpg"]\nauthor = "x"\n']),
    "names.txt": (
        read_class_names,
        [
            b"a\nb\nc\n",
            b"0:a\n1:b\n2:c\n",
            b"{0: 'a', 1: \"b\"}",
            b"n01440764 tench, Tinca tinca\nn01443537 goldfish\n",
        ],
    ),
    "names.csv": (read_class_names, [b'index,name\n0,a\n1,"b, c"\n', b"a,0\nb,1\n", b"wnid,words\nn01440764,tench\n"]),
    "names.json": (
        read_class_names,
        [b'{"0": ["n01440764", "tench"]}', b'["a", "b"]', b'{"id2label": {"0": "a"}}', b'[{"id": 0, "name": "x"}]'],
    ),
    "document.json": (lambda path: parse(Record, path), [encode(done()[0])]),
    "0.json": (lambda path: parse(Attempt, path), [encode(failed("no memory"))]),
}

SPICE = [
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"\\u0000", b"\\ud800", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\r", b"\n", b"\\"),
    *(
        b"9" * 5000,
        b"-" + b"1" * 30,
        b"1e999",
        b"0x" + b"f" * 5000,
        b"inf",
        b"NaN",
        b"1979-05-27",
        b"25:00:00",
        b"null",
    ),
    *(
        b"[" * 3000,
        b"{" * 3000,
        b'{"a":' * 3000,
        b"a." * 3000,
        b"[]",
        b"{}",
        b'""',
        b'"""',
        b"'",
        b"=",
        b",",
        b"#",
        b"~x/",
    ),
]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return the data with a few places cut, replaced, repeated or spiced."""
    for _ in range(chance.choice([1, 1, 2, 4])):
        start = chance.randrange(len(data) + 1)
        stop = min(len(data), start + chance.randrange(1, 20))
        middle = chance.choice(
            [b"", chance.choice(SPICE), chance.choice(SPICE), bytes([chance.randrange(256)]), data[start:]]
        )
        data = data[:start] + middle + data[chance.choice([start, stop]) :]
    return data


def refusal(read, path: Path) -> str:
    """Return what is said of a file that is refused, or an empty text."""
    try:
        read(path)
    except AtlasError as error:
        return str(error).encode("utf-8").decode("utf-8")
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_no_mutation_ends_in_anything_but_content_or_one_error(kind, tmp_path):
    read, originals = KINDS[kind]
    path: Path = tmp_path / kind
    for original in originals:
        path.write_bytes(original)
        assert read(path) is not None
    refused = 0
    for seed in range(120):
        path.write_bytes(mutated(originals[seed % len(originals)], random.Random(f"{kind} {seed}")))
        refused += bool(refusal(read, path))
    assert refused > 40
