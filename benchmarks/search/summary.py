"""Summary: the best trials of a search, as Markdown."""

import json
from collections.abc import Sequence

import optuna
from comparing.study import table
from optuna.trial import FrozenTrial, TrialState

from atlas.core.figures import share
from search.halving import is_finished

SHOWN = 10


def summary(study: optuna.Study, judges: Sequence[str]) -> str:
    """Return the trials that reached the largest budget in the seconds allowed, the most probable pictures first.

    Args:
        judges: names, the one that the search is for first.
    """
    trials = study.get_trials(deepcopy=False)
    complete = [
        one
        for one in trials
        if one.state == TrialState.COMPLETE and all(over <= 0 for over in one.constraints.values())
    ]
    complete.sort(key=lambda one: (-(one.value or 0.0), one.number))
    header = ["trial", "mean p", *(f"{judge}: first" for judge in judges), "s of 2 cores", "parameters"]
    rows = [
        [
            one.number,
            one.value,
            *(_first(one, judge) for judge in judges),
            one.user_attrs.get("seconds", ""),
            _words(one),
        ]
        for one in complete[:SHOWN]
    ]
    finished = sum(map(is_finished, trials))
    pruned = sum(one.state == TrialState.PRUNED for one in trials)
    told = f"{finished} trials, {pruned} of them ended on a smaller budget."
    return f"{told}\n\n{table(header, rows)}"


def _first(trial: FrozenTrial, judge: str) -> object:
    count, n = trial.user_attrs[f"{judge} first"], trial.user_attrs["pictures"]
    return share([True] * count + [False] * (n - count))


def _words(trial: FrozenTrial) -> str:
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in trial.params.items()}
    return f"`{json.dumps(rounded)}`"
