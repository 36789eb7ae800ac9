"""Status: what the store holds, what failed and why, and what is damaged."""

from collections import Counter, defaultdict
from pathlib import Path

from atlas.cli.terminal import command, console, count, first_line, say
from atlas.config import load_config
from atlas.core.record import Record
from atlas.errors import StoreError
from atlas.store import Store


def status_and_report(path: Path) -> int:
    """Print what the store holds; return 1 if jobs failed or records are damaged, else 0."""
    store = Store(load_config(path).store.path)
    names = _model_names(store)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    failures: list[tuple[str, Record]] = []
    damaged = 0
    for key in store.job_keys():
        try:
            record = store.read(key) if store.has(key) else store.failure(key)
        except StoreError:
            damaged += 1
            continue
        if record is not None:
            name = names.get(record.job.model.fingerprint, record.job.model.architecture)
            counts[name][record.status] += 1
            failures += [(name, record)] if record.status == "failed" else []
    unmade = [failure for key in store.analyses.all_keys() if (failure := store.analyses.failure(key))]
    say(f"{store.path}:" if counts else f"{store.path} holds no renderings yet")
    for name, each in sorted(counts.items()):
        say(f"  {name}: {each['done']} done, {each['dead']} dead, {each['failed']} failed")
    for name, record in failures:
        reason = first_line(record.error.message) if record.error else "unknown"
        say(f"failed {record.key[:12]} {name}: {record.job.target}: {reason}")
    for failure in unmade:
        say(f"failed {failure.key[:12]} {failure.what}: {first_line(failure.message)}")
    if any(each["dead"] for each in counts.values()):
        say(f"To try dead units again: {command('render', path)} --retry dead")
    if damaged:
        say(f"{count(damaged, 'record')} damaged; to see which: {command('status', path)} --verify")
    return 1 if failures or unmade or damaged else 0


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
    with_photos = f", {len(survey.analyses)} analyses of photos" if survey.analyses else ""
    say(f"{count(len(survey.jobs), 'job')}{with_photos} verified, {count(len(damage), 'problem')}")
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
