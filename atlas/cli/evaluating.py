"""Evaluate: what scores say of pictures, and analyses of models, as tables in the terminal, JSON, CSV and LaTeX."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.cli.finding_tables import say_findings
from atlas.cli.rendering import opened
from atlas.cli.stopping import INTERRUPTED
from atlas.cli.terminal import command, console, say, table
from atlas.config import load_config
from atlas.face.watch import Watch
from atlas.face.words import count

if TYPE_CHECKING:
    from atlas.face.evaluation import Evaluation


def evaluate_and_report(
    path: Path,
    only: Sequence[str] = (),
    as_json: bool = False,
    csv_folder: Path | None = None,
    latex_folder: Path | None = None,
) -> int:
    """Score what is there, and say what came of it; return the exit status: 1 if anything failed.

    Args:
        only: names of scores and analyses. as_json: print JSON and nothing else.
    """
    if as_json:
        from atlas.face.project import Project

        project = Project.open(load_config(path), Watch.of_program())
    else:
        project = opened(path, evaluates=True)
    from atlas.face.evaluating import Evaluating

    evaluating = Evaluating.of(project, only)
    report = evaluating.run()
    if report.interrupted:
        if not as_json:
            say(f"Stopped; what was seen is stored. To go on: {command('evaluate', path)}")
        return INTERRUPTED
    found = evaluating.results(report)
    written = [] if csv_folder is None else found.to_csv(csv_folder)
    written += [] if latex_folder is None else found.to_latex(latex_folder)
    if as_json:
        console.print(json.dumps(found.to_json(), ensure_ascii=False, indent=1))
    else:
        _say(found, path)
        for file in written:
            say(f"wrote {file}")
    return 1 if report.failed else 0


def _say(found: "Evaluation", path: Path) -> None:
    for score in found.scores:
        rows = [row for row in found.rows if row.score == score]
        head = ("model", "number", "judge", "method", "value", "95 % interval", "n")
        say(f"\n{score}")
        table(
            head,
            [
                (
                    row.model,
                    f"{row.title} at {row.layer}" if row.layer else row.title,
                    row.judged_by,
                    row.by,
                    f"{row.value:.3g}",
                    row.between(" to ") or "-",
                    f"{row.n}, of {row.photos} photos" if row.photos else str(row.n),
                )
                for row in rows
            ],
        )
    for score, documents in found.unmeasured.items():
        say(f"\n{score}")
        lines = [(one.method, one.judge.name if one.judge else "", "left out") for one in documents]
        table(("method", "judge", "value"), lines)
    say_findings(found.analyses)
    if not found.rows and not found.analyses.rows:
        say("There is nothing to tell: no picture was scored")
    for problem in found.failed:
        say(f"failed: {problem}")
    for line in found.left_out:
        say(f"left out: {line}")
    for name, number in found.missing.items():
        are = "is" if number == 1 else "are"
        say(f"{name}: {count(number, 'picture')} {are} not there, and not scored; to render: {command('render', path)}")
