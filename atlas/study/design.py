"""Design: which pictures each person is asked about, so that methods and classes are asked about equally often.

Every person sees each method equally often, give or take one, and as far as there are enough classes no class twice by
the same kind of question; over all sheets every picture is asked about nearly equally often (an incomplete block
design; VITAL, supplement 4, has three such subsets).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from random import Random
from typing import TypeVar

from atlas.study.document import CHOICES, RATINGS, Stimulus, StudyDocument, Trial, TrialKind
from atlas.study.settings import KINDS, TaskKind

T = TypeVar("T")
MOST_SHEETS = 48
"""Different sheets: more would make the page's data larger than all else on it."""
OPTIONS = 4
"""Pictures to choose from, as far as there are classes."""


def make_study(
    stimuli: Sequence[Stimulus],
    kinds: Sequence[TaskKind],
    per_person: int,
    seed: int,
    pictured: Collection[tuple[str, int]] = (),
) -> StudyDocument:
    """Return a study.

    Args:
        stimuli: of each model the same classes by each of its methods.
        kinds: of questions. per_person: how many of them one person answers; a catch question is added.
        pictured: (model, class) of which there are photos; only these are asked about by photos.

    Raises:
        ValueError: nothing can be asked, see :func:`askable`.
    """
    asked = askable(stimuli, kinds, pictured)
    if not asked:
        raise ValueError("a study needs pictures that something can be asked about")
    share = per_person // len(asked)
    chosen = _sampled(stimuli, share, seed)
    random = Random(f"order {seed}")
    named = [
        stimulus.model_copy(update={"id": f"p{place}"}) for place, stimulus in enumerate(_shuffled(chosen, random))
    ]
    by_kind = {kind: _askable(named, kind, pictured) for kind in asked}
    needed = max(-(-len(found) // share) for found in by_kind.values())  # until every picture was asked about
    deck = _Deck(by_kind, named, random)
    sheets = [deck.sheet(place, per_person) for place in range(min(MOST_SHEETS, needed))]
    return StudyDocument(seed=seed, stimuli=tuple(named), trials=tuple(deck.trials), sheets=tuple(sheets))


def askable(
    stimuli: Sequence[Stimulus], kinds: Collection[TaskKind], pictured: Collection[tuple[str, int]]
) -> list[TaskKind]:
    """Return the kinds of questions that there are pictures for, in order; to choose needs two classes of a model."""
    return [kind for kind in KINDS if kind in kinds and _askable(stimuli, kind, pictured)]


def _askable(stimuli: Sequence[Stimulus], kind: TaskKind, pictured: Collection[tuple[str, int]]) -> list[Stimulus]:
    titles: dict[str, set[str]] = defaultdict(set)
    for it in stimuli:
        titles[it.model].add(it.title)
    return [
        it
        for it in stimuli
        if (kind not in CHOICES or len(titles[it.model]) > 1) and (kind != "photos" or it.subject in pictured)
    ]


def _sampled(stimuli: Sequence[Stimulus], share: int, seed: int) -> list[Stimulus]:
    """Return the pictures of as many classes as the sheets have room for, by the same classes for all methods.

    Args:
        share: questions of one kind that one person answers at least.
    """
    conditions = len({it.condition for it in stimuli})
    subjects = sorted({it.subject for it in stimuli})
    room = max(OPTIONS, MOST_SHEETS * share // conditions)
    kept: set[tuple[str, int]] = set()
    for model in sorted({model for model, _ in subjects}):
        own = [subject for subject in subjects if subject[0] == model]
        kept.update(_shuffled(own, Random(f"classes {seed} {model}"))[:room])
    return [it for it in stimuli if it.subject in kept]


def _shuffled(values: Sequence[T], random: Random) -> list[T]:
    return random.sample(values, len(values))


class _Deck:
    """Deals questions, and remembers what was asked how often.

    Args:
        by_kind: what may be asked about, by kind. stimuli: all, to choose from.
    """

    def __init__(self, by_kind: dict[TaskKind, list[Stimulus]], stimuli: Sequence[Stimulus], random: Random) -> None:
        self.trials: list[Trial] = []
        self._random = random
        self._stimuli = list(stimuli)
        self._conditions = {kind: sorted({it.condition for it in found}) for kind, found in by_kind.items()}
        self._by_kind = by_kind
        self._dealt = Counter[TrialKind]()
        self._asked = Counter[tuple[str, str]]()
        self._offered = Counter[str]()

    def sheet(self, place: int, count: int) -> tuple[str, ...]:
        """Return the trials of one sheet, the catch question somewhere in its middle half."""
        kinds, found = list(self._by_kind), []
        seen = Counter[tuple[str, int]]()
        for number, kind in enumerate(kinds):
            share, more = divmod(count, len(kinds))
            # what is left over goes to other kinds on the next sheet
            amount = share + ((number - place) % len(kinds) < more)
            found += _shuffled(self._section(kind, amount, seen), self._random)
        about = self._random.choice(self._stimuli)
        at = self._random.randint(len(found) // 4, max(len(found) // 4, 3 * len(found) // 4))
        found.insert(at, self._trial("catch", about, expected=self._random.choice(RATINGS)))
        return tuple(found)

    def _section(self, kind: TaskKind, amount: int, seen: Counter[tuple[str, int]]) -> list[str]:
        """Return one sheet's trials of one kind; methods take turns, also from sheet to sheet."""
        conditions, here, made = self._conditions[kind], set[tuple[str, int]](), []
        used: set[str] = set()
        for _ in range(amount):
            condition = conditions[self._dealt[kind] % len(conditions)]
            self._dealt[kind] += 1
            left = [it for it in self._by_kind[kind] if it.condition == condition and it.id not in used]
            if left:  # else all of it was asked about
                about = min(left, key=lambda it: self._rank(kind, it, here, seen))
                self._asked[kind, about.id] += 1
                here.add(about.subject)
                used.add(about.id)
                seen[about.subject] += 1
                made.append(self._trial(kind, about, self._options(about) if kind in CHOICES else ()))
        return made

    def _rank(
        self, kind: TaskKind, it: Stimulus, here: Collection[tuple[str, int]], seen: Counter[tuple[str, int]]
    ) -> tuple[object, ...]:
        """Sort what is asked about first: a class that is new here, a picture that was asked about least."""
        return it.subject in here, self._asked[kind, it.id], seen[it.subject], self._random.random()

    def _options(self, about: Stimulus) -> tuple[str, ...]:
        """Return a picture among others by the same method, of classes of other names that were offered least."""
        others = {it.title: it for it in self._stimuli if it.condition == about.condition and it.title != about.title}
        ranked = sorted(others.values(), key=lambda it: (self._offered[it.id], self._random.random()))
        chosen = [it.id for it in ranked[: OPTIONS - 1]]
        self._offered.update(chosen)
        return tuple(_shuffled([about.id, *chosen], self._random))

    def _trial(self, kind: TrialKind, about: Stimulus, options: Sequence[str] = (), expected: int = 0) -> str:
        trial = Trial(id=f"t{len(self.trials)}", kind=kind, picture=about.id, options=tuple(options), expected=expected)
        self.trials.append(trial)
        return trial.id
