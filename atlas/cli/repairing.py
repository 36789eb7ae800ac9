"""Repair: what is damaged or lost and can be made again is made again, and said in words."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.cli.rendering import plan_all, run_and_report
from atlas.cli.stopping import INTERRUPTED
from atlas.cli.terminal import command, console, say
from atlas.face.words import count
from atlas.store import Store

if TYPE_CHECKING:
    from atlas.store.survey import Damage

LISTED = 200
"""Problems that are listed before the rest is only counted."""
DROPS = 3
"""Rounds of dropping: what is dropped may have been what something else needs."""


def repair_and_report(path: Path, drop: bool = False) -> int:
    """Remove what is damaged and can be made again by this configuration, make all that is missing, say how it went.

    Args:
        drop: remove what is damaged and cannot be made again, too.
    """
    from atlas.jobs.repairing import prepare_repair
    from atlas.store.integrity import verify
    from atlas.store.repair import sweep

    config, plan, machine = plan_all(path)
    store = Store(config.store.path, damaged=True)
    sweep(store.path)
    with console.status("verifying"):
        before = list(verify(store))
    if before:
        say(f"{count(len(before), 'problem')} found")
    store, todo = prepare_repair(plan, store, before)
    if not todo.missing and not before:
        say(f"Nothing to repair: {store.path} is as its records say")
        return 0
    status = run_and_report(plan, store, machine, todo, path)
    if status == INTERRUPTED or not before:
        return status
    with console.status("verifying"):
        after = list(verify(store))
    dropped = _drop(store, after) if drop else []
    left = [one for one in after if one not in dropped]
    _say_what_became(before, dropped, left, path)
    return max(status, 1 if left else 0)


def _drop(store: Store, left: "list[Damage]") -> "list[Damage]":
    """Remove what is damaged or refers to what is lost; return what is gone thereby, of what was left."""
    from atlas.store.integrity import verify
    from atlas.store.repair import discard, discard_result

    remaining = list(left)
    for _ in range(DROPS):
        for one in remaining:
            if not one.other_version:
                discard(store, one)
                for owner in one.owners:
                    discard_result(store, owner)
        remaining = list(verify(store))
    return [one for one in left if (one.kind, one.key) not in {(other.kind, other.key) for other in remaining}]


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
