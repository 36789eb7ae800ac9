"""`atlas evaluate`: tables, JSON and files; what is said before anything is rendered, and of what cannot be asked."""

import json

import pytest
from command_line import CommandLine
from small_evaluation import write_project


@pytest.fixture
def project(atlas: CommandLine) -> CommandLine:
    """A command line in a project that was not rendered yet."""
    write_project(atlas.folder)
    return atlas


def test_a_table_of_figures_with_judges_intervals_and_what_is_missing(project):
    nothing = project("evaluate")
    assert nothing.status == 0 and "no picture was scored" in nothing.out
    assert "tiny, fourier: 6 pictures are not there, and not scored; to render: atlas render" in nothing.out
    rendered = project("render")
    assert rendered.status == 0 and "look" not in rendered.out
    planned = project("plan")
    told = "To score what is there, and to analyse models (transfer, plausibility, spectrum): atlas evaluate"
    assert told in planned.out and "loading other" not in planned.err + planned.out
    result = project("evaluate", "--csv", "tables", "--latex", "tables")
    assert result.status == 0, result.out + result.err
    lines = result.out.splitlines()
    head = next(number for number, line in enumerate(lines) if line == "transfer")
    assert lines[head + 1].split() == ["model", "number", "judge", "method", "value", "95", "%", "interval", "n"]
    assert "other (Colours)" in lines[head + 2] and "tiny (own)" in lines[head + 6]
    written = {path.name for path in (project.folder / "tables").iterdir()}
    assert {"plausibility.csv", "transfer.csv", "plausibility.tex", "transfer.tex"} <= written
    told = json.loads(project("evaluate", "--json", "--only", "transfer").out)
    assert {row["score"] for row in told["rows"]} == {"transfer"} and told["missing"] == {}
    status = project("status")
    assert "look 11" in status.out and "rendering 8, look 19, score 8" in status.out
    assert "0 problems" in project("status", "--verify").out


def test_a_score_that_is_left_out_has_a_table_that_says_so_and_a_line_of_what_it_would_take(atlas):
    render = '[[render]]\nclasses = ["red"]\nmethod = "fourier"\nparameters = { steps = 1, image_size = 32 }\n'
    write_project(atlas.folder, render, evaluate='[[evaluate]]\nscores = ["zero_shot", "auc_mad"]\nphotos = {}\n')
    assert atlas("render").status == 0
    result = atlas("evaluate", "--csv", "tables")
    assert result.status == 0, result.out + result.err
    lines = result.out.splitlines()
    start = lines.index("zero_shot")
    assert lines[start + 1].split() == ["method", "judge", "value"]
    assert lines[start + 2].split() == ["fourier", "left", "out"]
    assert any(line.startswith("left out: zero_shot of tiny, fourier: it asks a CLIP") for line in lines)
    assert any(line.startswith("left out: auc_mad: no pictures of channels") for line in lines)
    assert (atlas.folder / "tables" / "left-out.csv").read_text().count("\n") == 3


def test_scores_that_are_not_asked_for_are_refused(project):
    refused = project("evaluate", "--only", "transfr")
    assert refused.status == 2 and 'no score or analysis "transfr"; did you mean "transfer"?' in refused.err


def test_a_configuration_without_scores_says_how_to_ask_for_some(atlas):
    atlas.configure()
    refused = atlas("evaluate")
    assert refused.status == 2 and "[[evaluate]]" in refused.err


def test_a_matrix_of_how_alike_layers_are(atlas):
    write_project(atlas.folder, evaluate='[[analyse]]\nkind = "cka"\nlayers = "act*"\n')
    result = atlas("evaluate")
    assert result.status == 0, result.out + result.err
    assert "and to analyse models (cka): atlas evaluate" in atlas("plan").out
    lines = result.out.splitlines()
    (start,) = [place for place, line in enumerate(lines) if line.startswith("tiny (down) and other (across), CKA")]
    assert lines[start + 1].split() == ["layer", "1", "2"] and lines[start + 2].split()[0] == "act"
    assert lines[start + 4] == "across: 1 act, 2 act2"
    assert "rendering 0, finding 2, measurement 1" in atlas("status").out


def test_of_many_numbers_the_first_of_each_finding_are_told(atlas, monkeypatch):
    evaluate = '[[analyse]]\nkind = "attribution"\nmodels = "tiny"\nlayers = ["act", "act2"]\nlimit = 2\n'
    write_project(atlas.folder, evaluate=evaluate)
    result = atlas("evaluate")
    assert result.status == 0, result.out + result.err
    lines = result.out.splitlines()
    head = lines.index("attribution") + 1
    assert lines[head].split() == ["model", "other", "number", "of", "value", "95", "%", "interval", "n"]
    firsts = [line for line in lines if "logit above the baseline" in line]
    assert len(firsts) == 6 and "red, act" in firsts[0]
    told = [line for line in lines if line.startswith("tiny")]
    left = len(json.loads(atlas("evaluate", "--json").out)["analyses"]) - len(told)
    assert left > 0 and f"and {left} more; --csv and --json have all" in lines
