"""Status: what the store holds, what failed and why, and what is damaged."""

from collections import Counter, defaultdict
from pathlib import Path

from atlas.cli.terminal import command, console, say
from atlas.config import load_config
from atlas.core.attempt import Attempt
from atlas.core.record import Record
from atlas.errors import StoreError
from atlas.face.words import count, first_line
from atlas.store import Store
from atlas.store.keyed import decided_by, kind_of


class _Counts:
    """What a store holds, counted.

    Attributes:
        statuses, kinds: model's name to how many of its results have each status, and are of each kind.
        failures: the newest attempt at each result that is not complete.
        damaged: how many documents and attempts cannot be read.
    """

    def __init__(self, store: Store) -> None:
        self._names = _model_names(store)
        self.statuses: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.failures: list[Attempt] = []
        self.damaged = 0
        for key in store.keys():
            try:
                self._count(store, key)
            except StoreError:
                self.damaged += 1

    def _count(self, store: Store, key: str) -> None:
        if store.has(key):
            document = store.any_document(key)
            decided = decided_by(document)
            fingerprint = decided.model.fingerprint if decided else ""
            name = self._names.get(fingerprint, decided.model.architecture if decided else "no model")
            self.statuses[name][document.status if isinstance(document, Record) else "done"] += 1
            self.kinds[name][kind_of(document)] += 1
        elif (attempt := store.failure(key)) is not None:
            self.statuses[self._names.get(attempt.model, attempt.model[:12])]["failed"] += 1
            self.failures.append(attempt)


def status_and_report(path: Path) -> int:
    """Print what the store holds; return 1 if anything failed or is damaged, else 0."""
    store = Store(load_config(path).store.path)
    counts = _Counts(store)
    say(f"{store.path}:" if counts.statuses else f"{store.path} holds nothing yet")
    for name, each in sorted(counts.statuses.items()):
        say(f"  {name}: {each['done']} done, {each['dead']} dead, {each['failed']} failed")
        if kinds := counts.kinds[name].keys() - {"rendering"}:
            say("    " + ", ".join(f"{kind} {counts.kinds[name][kind]}" for kind in ["rendering", *sorted(kinds)]))
    for attempt in counts.failures:
        say(f"failed {attempt.key[:12]} {attempt.what}: {first_line(attempt.error.message)}")
    if any(each["dead"] for each in counts.statuses.values()):
        say(f"To try dead units again: {command('render', path)} --retry dead")
    if counts.damaged:
        say(f"{count(counts.damaged, 'result')} damaged; to see which: {command('status', path)} --verify")
    return 1 if counts.failures or counts.damaged else 0


def verify_and_report(path: Path) -> int:
    """Read the whole store and print what is damaged; return 1 if anything is."""
    from atlas.store.integrity import verify
    from atlas.store.survey import Survey

    store = Store(load_config(path).store.path, damaged=True)
    with console.status("verifying"):
        damage = list(verify(store))
        survey = Survey(store)
    for one in damage:
        say(f"damaged {one.name}: {one.problem}")
    say(f"{count(len(survey.results), 'result')} verified, {count(len(damage), 'problem')}")
    if damage:
        say(f"To make again what is damaged: {command('status', path)} --repair")
    return 1 if damage else 0


def _model_names(store: Store) -> dict[str, str]:
    """Return fingerprint to name, told apart where several have one; nothing if a card is damaged: see `--verify`."""
    try:
        cards = store.cards()
    except StoreError as error:
        say(error.message)
        return {}
    bearers = Counter(card.name for card in cards.values())
    return {
        fingerprint: card.name if bearers[card.name] == 1 else f"{card.name} {fingerprint[:8]}"
        for fingerprint, card in cards.items()
    }
