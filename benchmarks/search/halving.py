"""Successive halving (Li et al. 2020) over a declared space, with optuna: seeded, and resumed by its log.

The log is optuna's journal, JSON line by line. The first trial is of the method's own defaults. The others are sampled
by seed and number, so that a search that was ended chooses what it would have chosen. A trial whose process was ended
is begun again with the same parameters, and finds its pictures in the gallery. Several processes with one log share the
trials.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from judging.bench import Bench, Judged
from judging.gallery import Gallery
from judging.ledger import claimed
from judging.report import CORES
from judging.settings import Setting
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from atlas.errors import AtlasError
from search.space import Rung, Space

HALF = 2
"""Of so many trials on a rung, one goes on."""
SLACK = 1.25
"""Times the seconds allowed that a trial may take on an early rung: these are measured on few pictures."""


@dataclass
class Search:
    """A search of one method's space.

    Attributes:
        log: optuna's journal. seed: of what is sampled.
        seconds: of all cores a picture, divided by :data:`~judging.report.CORES`, that a trial may take; None for any.
    """

    space: Space
    log: Path
    gallery: Gallery
    bench: Bench
    seed: int = 0
    seconds: float | None = None

    def __post_init__(self) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(self.log))),
            study_name=self.space.method,
            direction="maximize",
            pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=HALF),
            load_if_exists=True,
        )

    def run(self, trials: int, told: Callable[[str], None]) -> None:
        """Go on until so many trials are finished, or are another process's to finish."""
        for trial, chosen in self._trials(trials):
            told(f"trial {trial.number}: {chosen}")
            try:
                value = self._value(trial, chosen, told)
            except optuna.TrialPruned:
                self.study.tell(trial, state=TrialState.PRUNED)
            except AtlasError as error:
                trial.set_user_attr("error", str(error))
                self.study.tell(trial, state=TrialState.FAIL)
            else:
                self.study.tell(trial, value)

    def _trials(self, count: int) -> Iterator[tuple[Trial, dict[str, Any]]]:
        while True:
            with ExitStack() as claims:
                with claimed(self._claim("asking"), wait=True):
                    running = self._revived()
                    known = self.study.get_trials(deepcopy=False)
                    if len(running) + len([one for one in known if is_finished(one)]) >= count:
                        return
                    if not known:
                        self.study.enqueue_trial(self.space.incumbent())
                    self.study.sampler = self._sampler(len(known))
                    trial = self.study.ask()
                    chosen = self.space.suggest(trial)
                    claims.enter_context(claimed(self._claim(f"trial-{trial.number}")))
                yield trial, chosen

    def _revived(self) -> list[FrozenTrial]:
        """Return the trials that some process is at; those whose process was ended are put to the front."""
        running = []
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            with claimed(self._claim(f"trial-{trial.number}")) as free:
                if free:
                    self.study.tell(trial.number, state=TrialState.FAIL)
                    self.study.enqueue_trial(trial.params)
                else:
                    running.append(trial)
        return running

    def _sampler(self, number: int) -> optuna.samplers.BaseSampler:
        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0])
        return optuna.samplers.TPESampler(seed=seed)

    def _claim(self, name: str) -> Path:
        return self.gallery.folder / "claims" / f"{self.space.method}-{name}"

    def _value(self, trial: Trial, chosen: dict[str, Any], told: Callable[[str], None]) -> float:
        """Return the mean probability that the judge gives the classes, on the largest budget.

        Raises:
            TrialPruned: others do better on a smaller one, or it takes too long.
        """
        value = 0.0
        for number, rung in enumerate(self.space.rungs):
            judged = self._judged(trial, chosen, rung, told)
            leading = self.bench.judges[0].name
            value = float(np.mean([one.verdicts[leading].p for one in judged]))
            for judge in self.bench.judges:
                each = [one.verdicts[judge.name] for one in judged]
                trial.set_user_attr(f"{judge.name} p", [round(one.p, 4) for one in each])
                trial.set_user_attr(f"{judge.name} first", sum(one.first for one in each))
            trial.set_user_attr("pictures", len(judged))
            costs = [one.shot.cpu / CORES / rung.steps for one in judged if one.shot.cpu is not None]
            if costs:  # else all of this rung was there already, and costs what it did
                trial.set_user_attr("seconds", float(np.mean(costs)))
            seconds = trial.user_attrs.get("seconds")
            trial.report(value, HALF**number)
            last = number == len(self.space.rungs) - 1
            slow = self.seconds is not None and seconds is not None and seconds > self.seconds * SLACK
            if not last and (slow or trial.should_prune()):
                raise optuna.TrialPruned
            if last and self.seconds is not None and seconds is not None:
                trial.set_constraint("seconds", seconds - self.seconds)  # once: a second one is not heard
        return value

    def _judged(self, trial: Trial, chosen: dict[str, Any], rung: Rung, told: Callable[[str], None]) -> list[Judged]:
        parameters = self.space.parameters(chosen, rung)
        setting = Setting(f"trial {trial.number}", self.space.method, parameters, photos=self.space.photos)
        aims = self.space.aims[: rung.classes]
        self.gallery.render([setting], aims, told, wait=True)
        return self.bench.judged(self.gallery.shots([setting], aims))


def is_finished(trial: FrozenTrial) -> bool:
    """Whether a trial counts: it was judged, or could not be rendered; not one whose process was ended."""
    return trial.state in (TrialState.COMPLETE, TrialState.PRUNED) or "error" in trial.user_attrs
