"""What is printed: words, tables, terminals, pipes and encodings."""

import io
import os
import subprocess
import sys

import pytest
from processes import Running
from rich.console import Console

from atlas.cli import terminal
from atlas.face.words import duration, size

ARABIC = "\u0642\u0637\u0629"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 s"),
        (89.4, "89 s"),
        (89.6, "1 min 30 s"),
        (119.7, "2 min 0 s"),
        (5399.4, "89 min 59 s"),
        (5400, "1.5 hours"),
        (172_800, "2.0 days"),
    ],
)
def test_durations_are_said_as_a_person_would(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (999_960, "1.0 MB"), (2.5e9, "2.5 GB"), (3e15, "3000.0 TB")],
)
def test_sizes_are_said_as_a_person_would(number, words):
    assert size(number) == words


def test_a_command_can_be_pasted(tmp_path):
    assert terminal.command("plan", terminal.DEFAULT_CONFIG) == "atlas plan"
    assert terminal.command("plan", tmp_path / "my atlas.toml") == f"atlas plan -c '{tmp_path}/my atlas.toml'"


def shown(monkeypatch, **options):
    stream = io.StringIO()
    monkeypatch.setattr(terminal, "console", Console(file=stream, markup=False, emoji=False, width=40, **options))
    terminal.table(("name", "note"), [(ARABIC, "first"), ("[bold]long :dog:", "words " * 10), ("\x1b[31m", "")])
    return stream.getvalue()


def test_a_table_in_a_pipe_has_one_line_per_row_whatever_is_in_it(monkeypatch):
    lines = shown(monkeypatch).splitlines()
    assert len(lines) == 4
    assert lines[2] == "[bold]long :dog:  " + "words " * 9 + "words"
    assert [line.index(word) for line, word in zip(lines, ("note", "first", "words"), strict=False)] == [18, 18, 18]
    assert "\x1b" not in lines[3]


def test_a_table_in_a_terminal_wraps_its_last_column(monkeypatch):
    lines = shown(monkeypatch, force_terminal=True, color_system=None).splitlines()
    assert all(len(line) <= 40 for line in lines)
    assert lines[3].strip() == "words words words" and lines[3].startswith(" " * 18)


def test_help_fits_a_terminal_of_80_columns(atlas, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    printed = atlas("--help").out
    assert max(map(len, printed.splitlines())) <= 80
    assert "..." not in printed.split("Commands:")[1]


def test_a_terminal_sees_how_far_it_is_and_any_name_is_shown_as_it_is(atlas):
    atlas.configure(block="classes = [1, 2, 3]", name="[/b] :dog: [red]")
    run = Running(atlas.folder, "render", FORCE_COLOR="1", COLUMNS="200")
    assert run.status() == 0
    assert "3 of 3 jobs" in run.printed("out") and "100%" in run.printed("out")
    assert "[/b] :dog: [red] logits" in run.printed("out")


def test_a_pipe_gets_plain_lines(atlas):
    atlas.configure("raising", block="classes = [1, 3]", name="[/b] :dog:")
    for command, words in {
        "plan": "[/b] :dog:  logits",
        "render": "failed: [/b] :dog:: logit 3",
        "status": "[/b] :dog:: 1 done",
    }.items():
        printed = atlas(command).out
        assert words in printed
        assert [line for line in printed.split("\n") if not line.isprintable()] == []


def test_what_a_model_says_cannot_touch_the_terminal_and_is_cut_short(atlas):
    atlas.configure(
        block="classes = [1]", network="rude_networks:Rude", parameters="steps = 2, image_size = 32, crops = 3"
    )
    (atlas.folder / "rude_networks.py").write_text(
        "import tiny_networks\n"
        "class Rude(tiny_networks.Tiny):\n"
        "    def forward(self, x):\n"
        "        if len(x) == 4: raise RuntimeError('\\x1b[2Jbell\\a' + 'x' * 5000 + '\\nsecond line')\n"
        "        return super().forward(x)\n"
    )
    for result in (atlas("render"), atlas("status")):
        assert result.status == 1
        assert "RuntimeError: \N{REPLACEMENT CHARACTER}[2Jbell" in result.out
        assert "\x1b" not in result.out and "second line" not in result.out
        assert max(map(len, result.out.splitlines())) < 500


def run_python(folder, *arguments, **environment):
    """Run ``python -m atlas`` as a shell would."""
    return subprocess.run(
        [sys.executable, "-m", "atlas", *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        check=False,
    )


def test_a_narrow_encoding_shows_escapes(atlas):
    atlas.configure(block="classes = [1]", name=ARABIC)
    assert atlas("render").status == 0
    status = run_python(atlas.folder, "status", PYTHONIOENCODING="ascii")
    assert (status.returncode, status.stderr) == (0, b"")
    assert rb"\u0642\u0637\u0629: 1 done" in status.stdout
    refused = run_python(atlas.folder, "plan", "-c", f"{ARABIC}.toml", PYTHONIOENCODING="ascii")
    assert refused.returncode == 2
    assert refused.stderr.startswith(rb'Error: there is no configuration "\u0642\u0637\u0629.toml"')


def test_a_pipe_that_is_closed_early_is_no_error_of_ours(atlas):
    atlas.configure(block="classes = [1]")
    assert atlas("render").status == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "atlas", "status"], cwd=atlas.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    with process.stderr as stream:
        assert b"Traceback" not in stream.read()
    process.wait()


@pytest.mark.parametrize("command", ["status", "build"])
def test_looking_at_a_store_and_publishing_it_load_no_torch(atlas, command):
    atlas.configure(block="classes = [1]")
    assert atlas("render").status == 0
    code = (
        "import atexit, sys; from atlas.cli import main; sys.argv[1:] = ['%s'];"
        "atexit.register(lambda: print({'torch', 'ray', 'timm'} & set(sys.modules))); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code % command], cwd=atlas.folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("set()\n")
