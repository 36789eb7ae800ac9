"""Repair: what is damaged or lost and can be made again is made again, and said in words."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.cli.rendering import opened, run_and_report
from atlas.cli.stopping import INTERRUPTED
from atlas.cli.terminal import command, console, say
from atlas.face.words import count

if TYPE_CHECKING:
    from atlas.store.survey import Damage

LISTED = 200
"""Problems that are listed before the rest is only counted."""


def repair_and_report(path: Path, drop: bool = False) -> int:
    """Remove what is damaged and can be made again by this configuration, make all that is missing, say how it went.

    Args:
        drop: remove what is damaged and cannot be made again, too.
    """
    project = opened(path, evaluates=True)
    from atlas.face.repairing import Repair

    with console.status("verifying"):
        repair = Repair(project)
    if repair.damage:
        say(f"{count(len(repair.damage), 'problem')} found")
    todo = repair.prepare()
    if not todo.missing and not repair.damage:
        say(f"Nothing to repair: {project.config.store.path} is as its records say")
        return 0
    status = run_and_report(project, todo, path)
    if status == INTERRUPTED or not repair.damage:
        return status
    with console.status("verifying"):
        repair.conclude(drop)
    _say_what_became(repair.damage, repair.dropped, repair.left, path)
    return max(status, 1 if repair.left else 0)


def _say_what_became(
    before: "Sequence[Damage]", dropped: "Sequence[Damage]", left: "Sequence[Damage]", path: Path
) -> None:
    """Print of every problem what became of it, and how many of each there are."""
    gone, stays = ({(one.kind, one.key) for one in some} for some in (dropped, left))
    known = {(one.kind, one.key) for one in before}
    problems = [*before, *(one for one in (*dropped, *left) if (one.kind, one.key) not in known)]
    endings = []
    for one in problems:
        place = (one.kind, one.key)
        endings.append("dropped" if place in gone else "left" if place in stays else "made again")
    for one, ending in islice(zip(problems, endings, strict=True), LISTED):
        why = "another version of atlas wrote it" if one.other_version else f"{path} does not render it"
        say(f"{one.name}: {one.problem}; {f'{why}, so it stays as it is' if ending == 'left' else ending}")
    if len(problems) > LISTED:
        say(f"and {len(problems) - LISTED} more")
    say(", ".join(f"{endings.count(ending)} {ending}" for ending in ("made again", "dropped", "left")))
    if any(not one.other_version for one in left) and not dropped:
        say(f"To remove what was left: {command('status', path)} --repair --drop")
