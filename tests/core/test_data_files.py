"""Data files: whatever a file holds, its content comes out, or one sentence that names it."""

import errno
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.core import data_files
from atlas.core.data_files import parse_json, parse_rows, parse_text, parse_toml, read_json, read_rows, read_toml
from atlas.errors import DataFileError

PARSERS = {"toml": parse_toml, "json": parse_json, "csv": lambda *args: list(parse_rows(*args)), "txt": parse_text}

BEYOND = {
    "toml digits": ("toml", b"a = " + b"9" * 5000, "a number has thousands of digits"),
    "toml negative digits": ("toml", b"a = -" + b"1" * 4500, "a number has thousands of digits"),
    "toml beyond 64 bits": ("toml", b"[t]\nb = [1, 18446744073709551616]", "t.b[1] is a number of more than 64 bits"),
    "toml hexadecimal": ("toml", b"a = 0x" + b"f" * 5000, "a is a number of more than 64 bits"),
    "toml lists": ("toml", b"a = " + b"[" * 5000, "nested far too deeply"),
    "toml closed lists": ("toml", b"a = " + b"[" * 70 + b"]" * 70, "nested far too deeply"),
    "toml tables": ("toml", b"a = " + b"{a = " * 70 + b"1" + b"}" * 70, "nested far too deeply"),
    "toml dotted key": ("toml", b"a." * 500_000 + b"a = 1", "nested far too deeply"),
    "toml spaced quoted key": ("toml", b'["a" . ' + b"'b'. " * 300_000 + b"c]", "nested far too deeply"),
    "toml NUL in text": ("toml", b'a = "x\\u0000y"', "a holds a NUL character"),
    "toml NUL in a key": ("toml", b'[t]\n"x\\u0000y" = 1', "a key in t holds a NUL character"),
    "toml surrogate": ("toml", b'a = "\\ud800"', "not valid TOML, line 1"),
    "toml too large": ("toml", b"#" * (data_files.MAX_TOML + 1), "larger than 4 MiB"),
    "json digits": ("json", b"[" + b"9" * 5000 + b"]", "the number 999999999999... has 5000 digits"),
    "json beyond 64 bits": ("json", b'{"a": 99999999999999999999}', "a is a number of more than 64 bits"),
    "json exponent": ("json", b"[1e999]", "the number 1e999 is too large"),
    "json not a number": ("json", b'{"a": NaN}', "NaN is no number in JSON"),
    "json infinity": ("json", b"-Infinity", "-Infinity is no number in JSON"),
    "json lists": ("json", b"[" * 200_000, "nested far too deeply"),
    "json closed lists": ("json", b"[" * 70 + b"]" * 70, "nested far too deeply"),
    "json objects": ("json", b'{"a":' * 200_000, "nested far too deeply"),
    "json key twice": ("json", b'{"a": 1, "b": {"c": 1, "c": 1}}', "the key 'c' is there twice"),
    "json surrogate": ("json", b'{"a": ["b", "x\\ud800"]}', "a[1] holds half a character"),
    "json surrogate in a key": ("json", b'{"\\udcff": 1}', "a key in the file holds half a character"),
    "json NUL": ("json", b'"a\\u0000"', "the file holds a NUL character"),
    "json cut off": ("json", b'{"a":\n ', "not valid JSON, line 2"),
    "json too large": ("json", b" " * (data_files.MAX_JSON + 1), "larger than 64 MiB"),
    "csv field": ("csv", b"a,b\n" + b"x" * 200_000, "line 2: field larger than field limit"),
    "csv quote": ("csv", b'a,b\n"x', "line 2: unexpected end of data"),
    "UTF-16": ("txt", "a\n".encode("utf-16"), "UTF-16 text"),
    "UTF-16 big": ("json", b"\xfe\xff\x00[\x00]", "UTF-16 text"),
    "UTF-16 without a mark": ("txt", "ab\ncd".encode("utf-16-le"), "line 1: holds a NUL"),
    "Latin-1": ("csv", "a\ncaf\xe9\n".encode("latin-1"), "line 2: not UTF-8 text"),
    "encoded surrogate": ("txt", b"a\xed\xa0\x80", "line 1: not UTF-8 text"),
}


@pytest.mark.parametrize("case", BEYOND)
def test_what_is_beyond_the_limits_is_one_sentence(case):
    kind, data, says = BEYOND[case]
    with pytest.raises(DataFileError) as caught:
        PARSERS[kind](data, "some/file")
    (problem,) = caught.value.problems
    assert says in problem
    assert str(caught.value).startswith("some/file: ")
    assert len(str(caught.value)) < 200


def test_what_is_within_the_limits_is_read(tmp_path):
    table = {"a": 2**63 - 1, "b": [-(2**63), 0.5], "c": {"d e": "ü\U0001f600"}}
    text = f'a = {table["a"]}\nb = [{table["b"][0]}, 0.5]\nc."d e" = "ü\\U0001F600"\n'
    path = tmp_path / "file"
    for data in (text.encode(), text.encode("utf-8-sig"), text.replace("\n", "\r\n").encode()):
        path.write_bytes(data)
        assert read_toml(path, "file") == table
    for data in (json.dumps(table).encode(), json.dumps(table, ensure_ascii=False, indent=1).encode("utf-8-sig")):
        path.write_bytes(data)
        assert read_json(path, "file") == table
    deepest = "[" * data_files.MAX_DEPTH + "]" * data_files.MAX_DEPTH
    assert json.dumps(parse_json(deepest.encode(), "")) == deepest
    assert parse_json(b"18446744073709551615", "") == 2**64 - 1


def test_rows_by_their_lines(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b'\xef\xbb\xbfa;b\r\n\r\n"1\r\n2"; 3 \r\n')
    assert list(read_rows(path, "table")) == [(1, ["a", "b"]), (4, ["1\r\n2", "3"])]
    assert list(parse_rows(b"a\tb\n", "")) == [(1, ["a", "b"])]
    assert list(parse_rows(b"a;b,c\n", "")) == [(1, ["a;b", "c"])]


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    says = {
        "pipe": "it is no regular file",
        "folder": os.strerror(errno.EISDIR),
        "dangling": "a link that leads nowhere (nowhere)",
        "loop": os.strerror(errno.ELOOP),
        "absent": 'there is no table "',
        "a\0b": "cannot be a path",
        "x" * 300: os.strerror(errno.ENAMETOOLONG),
    }
    for name, part in says.items():
        with pytest.raises(DataFileError) as caught:
            read_rows(tmp_path / name, "table", "write it")
        assert part in caught.value.problems[0]
        assert "table" in caught.value.problems[0]
    with pytest.raises(DataFileError, match="cannot read the table .*no regular file"):
        read_json("/dev/zero", "table")


def test_a_link_to_a_file_is_followed(tmp_path):
    (tmp_path / "data").write_text("[1]")
    (tmp_path / "link").symlink_to("data")
    assert read_json(tmp_path / "link", "list") == [1]


def test_a_file_beyond_its_limit_is_not_read(tmp_path):
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(DataFileError, match="larger than 4 MiB"):
        read_toml(path, "configuration")


@given(
    st.sampled_from(sorted(PARSERS)),
    st.one_of(
        st.binary(max_size=60),
        st.text(alphabet="[]{}\",=:.\\ud80-9e+x\n\t;'#aé", max_size=60).map(str.encode),
    ),
)
def test_no_bytes_whatsoever_end_otherwise(kind, data):
    try:
        outcome = json.dumps(PARSERS[kind](data, "file"), default=str, ensure_ascii=False)
    except DataFileError as error:
        outcome = str(error)
    assert outcome.encode("utf-8")
