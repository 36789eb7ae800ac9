"""A run in a process of its own; each rendering leaves a line in the file ``rendered`` of its folder."""

import os
import sys
from pathlib import Path

from small_runs import PARAMETERS, configuration, made, prepared

from atlas.config import Config
from atlas.tasks import rendering


def divided(folder: Path) -> Config:
    """Return the configuration of thirty jobs, two in a batch."""
    return configuration(folder, executor={"batch_size": 2}, seeds=(0, 1, 2), parameters=PARAMETERS | {"steps": 6})


def main(folder: Path) -> None:
    """Run it once another line of standard input comes; end with 0 if all was done."""
    real = rendering.render

    def render(tasks, bench):
        results = real(tasks, bench)
        with open(folder / "rendered", "a", encoding="ascii") as file:
            file.write("".join(f"{task.key} {os.getpid()}\n" for task in tasks))
        return results

    rendering.render = render
    config = divided(folder)
    plan, store = prepared(config)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    report, _, _ = made(plan, store, config)
    sys.exit(0 if report.finished == len(plan.jobs) and not report.failed else 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
