"""Whom photos are owed to: every form of table, the nearest row counts, malformed ones are named by their line."""

import json
import unicodedata

import pytest
from photo_files import write_files

from atlas.errors import ConfigError
from atlas.photos.attribution import MAX_NOTES, read_attribution
from atlas.plan.select import select_photos

PHOTOS = {"a/1.jpg": 1, "a/2.jpg": 2, "b/1.jpg": 3}


@pytest.fixture
def credits_of(opened, tmp_path):
    """Return a function that gives every photo's credit as (author, licence, source), beside some files."""

    def run(files, **keys):
        root = tmp_path / "photos"
        found = opened(write_files(root, {**PHOTOS, **files}), **keys)
        shown = {photo.name: photo.credit for photo in found.photos}
        return {name: (credit.author, credit.licence, credit.source) for name, credit in shown.items()}

    return run


def test_without_a_table_credits_are_empty(credits_of):
    assert set(credits_of({}).values()) == {("", "", "")}


def test_the_nearest_row_that_says_something_counts(credits_of):
    table = b"File,FOLDER,Author,License,url,remarks\na/1.jpg,,Ann,,https://a,hi\n,a,Bo,CC BY,,\n*,,,CC0,https://all,\n"
    assert credits_of({"sources.csv": table}) == {
        "a/1.jpg": ("Ann", "CC BY", "https://a"),
        "a/2.jpg": ("Bo", "CC BY", "https://all"),
        "b/1.jpg": ("", "CC0", "https://all"),
    }


@pytest.mark.parametrize(
    "table",
    [
        b"file,author\n./a/1.jpg,Ann\na\\2.jpg,Bo\nb/,Cy\n",
        b"folder,file,author\na,1.jpg,Ann\na,a/2.jpg,Bo\nb,*,Cy\n",
        b"\xef\xbb\xbffolder;file;author\r\na;1.jpg;Ann\r\na;2.jpg;Bo\r\n\r\nb;;Cy\r\n",
        b"file\tauthor\na/1.jpg\tAnn\na/2.jpg\tBo\nb/*\tCy\n",
        b'"file","author"\n"a/1.jpg","Ann"\n"a/2.jpg","Bo"\n"b","Cy"',
    ],
    ids=["paths", "folder-and-file", "semicolons", "tabs", "quotes"],
)
def test_tables_may_be_written_in_several_ways(credits_of, table):
    assert [author for author, _, _ in credits_of({"Attribution.csv": table}).values()] == ["Ann", "Bo", "Cy"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("CREDITS.json", json.dumps({"a/1.jpg": {"author": "Ann"}, "a": {"author": "Bo"}, "*": {"author": "Cy"}})),
        ("CREDITS.json", json.dumps([{"file": "a/1.jpg", "author": "Ann"}, {"folder": "a", "author": "Bo"}]) + " "),
        ("credits.toml", '"a/1.jpg".author = "Ann"\n[a]\nauthor = "Bo"\n["*"]\nauthor = "Cy"\n'),
        ("credits.toml", '[[photo]]\nfile = "a/1.jpg"\nauthor = "Ann"\n[[photo]]\nfolder = "a"\nauthor = "Bo"\n'),
    ],
)
def test_json_and_toml_tables(credits_of, name, content):
    found = credits_of({name: content.encode()})
    assert (found["a/1.jpg"][0], found["a/2.jpg"][0]) == ("Ann", "Bo")
    assert found["b/1.jpg"][0] == ("Cy" if "*" in content else "")


def test_a_table_elsewhere_is_taken_if_it_is_named(credits_of, tmp_path):
    (tmp_path / "who.csv").write_text("folder,licence\n*,CC0\n")
    here = {"SOURCES.csv": b"folder,licence\n*,CC BY\n"}
    assert {licence for _, licence, _ in credits_of(here, attribution=tmp_path / "who.csv").values()} == {"CC0"}


def test_accents_match_in_any_normal_form(opened, tmp_path):
    file, folder = (unicodedata.normalize("NFD", name) for name in ("café/1.jpg", "Äpfel/1.jpg"))
    table = "file,folder,licence\ncafé/1.jpg,,CC0\n,Äpfel,CC BY\n".encode()
    found = opened(write_files(tmp_path / "photos", {file: 1, folder: 2, "SOURCES.csv": table}))
    assert {photo.name: photo.credit.licence for photo in found.photos} == {file: "CC0", folder: "CC BY"}
    for selector in ("café", "café/1.jpg", "*é/*", file):
        assert [photo.name for photo in select_photos([selector], found)[0]] == [file]


def test_a_missing_table_is_named(credits_of, tmp_path):
    with pytest.raises(ConfigError, match=r'there is no file of credits ".*who\.csv"[\s\S]*photos\.attribution'):
        credits_of({}, attribution=tmp_path / "who.csv")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("SOURCES.csv", b"", ["line 1", "file or folder"]),
        ("SOURCES.csv", b"name,author\n", ["line 1", "name, author"]),
        ("SOURCES.csv", b"file,where\n", ["line 1", "licence"]),
        ("SOURCES.csv", b"file,author\na,b\n,Ann\n", ["line 3", "neither a file nor a folder"]),
        ("SOURCES.csv", b"file,author\na,b\na,b,c\n", ["line 3", "3 fields, but 2 columns"]),
        ("SOURCES.csv", b'file,author\na,b\nc,"d\n', ["SOURCES.csv", "line 3"]),
        ("SOURCES.csv", b"file,author\na,\xff\n", ["line 2", "not UTF-8"]),
        ("SOURCES.json", b'{"a":\n{"author": }}', ["line 2", "JSON"]),
        ("SOURCES.json", b"3", ["must be a table"]),
        ("SOURCES.json", b'[{"file": "a", "author": 3}]', ["[0]", "author must be text"]),
        ("SOURCES.json", b"[" * 100_000, ["nested far too deeply"]),
        ("SOURCES.toml", b"[a]\nauthor = Ann\n", ["line 2", "TOML"]),
        ("SOURCES.toml", b"[[a]]\nauthor = 'Ann'\n[[a]]\nfile = 'x'\nauthor = 1\n", ["a[0]", "a[1]", "neither a file"]),
    ],
)
def test_a_malformed_table_is_named_by_its_line(credits_of, name, content, words):
    with pytest.raises(ConfigError) as caught:
        credits_of({name: content})
    assert name in str(caught.value)
    assert [word for word in words if word not in str(caught.value)] == []


def test_text_is_carried_as_it_is_and_cut(opened, tmp_path):
    text = "From <script>alert(1)</script> \xff & friends".encode("latin-1")
    found = opened(write_files(tmp_path / "photos", {**PHOTOS, "SOURCES.md": text, "LICENSE": b"CC0"}))
    assert found.notes == "From <script>alert(1)</script> \ufffd & friends"
    assert found.card(1).notes == found.notes
    long = read_attribution({"SOURCES.txt": b"x" * (MAX_NOTES + 1)}).notes
    assert long == "x" * MAX_NOTES + "\n[cut off here]"
    assert read_attribution({"SOURCES.txt": b"x" * MAX_NOTES}).notes == "x" * MAX_NOTES


def test_a_table_and_a_text_go_together(opened, tmp_path):
    beside = {"SOURCES.csv": b"file,licence\n*,CC0\n", "ATTRIBUTION.md": b"Thanks."}
    found = opened(write_files(tmp_path / "photos", {**PHOTOS, **beside}))
    assert (found.notes, found.photos[0].licence) == ("Thanks.", "CC0")


def test_a_table_that_fits_no_photo_is_said(opened, tmp_path):
    table = {"SOURCES.csv": b"file,licence\nx.jpg,CC0\ny.jpg,CC0\n"}
    found = opened(write_files(tmp_path / "photos", {**PHOTOS, **table}))
    assert found.notices == ("none of the 2 rows of SOURCES.csv fits a photo",)


def test_credits_do_not_change_which_photos_they_are(opened, tmp_path):
    plain = opened(write_files(tmp_path / "plain", PHOTOS))
    owed = opened(write_files(tmp_path / "owed", {**PHOTOS, "SOURCES.csv": b"file,licence\n*,CC0\n"}))
    assert owed.digest == plain.digest
