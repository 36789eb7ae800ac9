"""The pages of methods, from their cards: parameters for looking up, how each works and misleads for reading."""

from atlas.core.method_card import MethodCard, Paper, ParameterCard, Preset
from reference.markdown import anchor, table

INTRO = """# Methods: parameters

What `method = "..."` in a `[[render]]` or `[[concepts]]` block may be, what `preset` then fills, and what `parameters`
takes. What "fits the model" is chosen for it unless given. [How each works](../explanation/methods.md),
[how to choose](../guides/methods.md) one, and
[how they compare](https://github.com/lens-atlas/lens-atlas/blob/main/benchmarks/METHODS.md), with pictures.
"""

EXPLANATION = """# How each method works, and how it misleads

Feature visualisations show what *excites* a unit, not all that it does. A unit may answer to other things as well, and
what a picture shows is as much the method's taste as the network's: the same unit by two methods is the best guard
against taking one for the other. Each method's own ways to mislead stand below, and on its page in every atlas.
"""

KINDS = {
    "logit": "classes",
    "channel": "channels",
    "neuron": "neurons",
    "direction": "concepts",
    "inversion": "inversions of photos",
    "caricature": "caricatures of photos",
}


def cards() -> list[MethodCard]:
    """Return the cards of our own methods: MACO, which renders unless another is chosen, first."""
    from atlas.core.registry import OURS
    from atlas.methods import methods

    ours = [method.card for name, method in methods if methods.origin(name) == OURS]
    return sorted(ours, key=lambda card: (card.name != "maco", card.title.lower()))


def overview() -> str:
    """Return README's table of methods."""
    rows = [(f"`{card.name}`", f"{card.summary} {_cited(card.paper)}".strip(), _renders(card)) for card in cards()]
    return table(("method", "what it does", "of"), rows)


def methods_reference() -> str:
    """Return the page of parameters."""
    return "\n".join([INTRO, *(_reference(card) for card in cards())])


def methods_explained() -> str:
    """Return the page of how methods work and mislead."""
    return "\n".join([EXPLANATION, *(_explained(card) for card in cards())])


def _reference(card: MethodCard) -> str:
    facts = [
        f"Renders {_renders(card)}",
        "also from what lowers a unit" if -1 in card.signs else "not what lowers a unit",
        f"needs {' and '.join(card.needs)}" if card.needs else "",
        "" if card.seeded else "the same for every seed",
        f"version {card.version}",
    ]
    told = f"[How it works, and how it misleads](../explanation/methods.md#{anchor(card.title)})."
    head = ("parameter", "default", "allowed", "meaning")
    text = f"## `{card.name}`\n\n{card.summary} {_cited(card.paper)}\n\n{'; '.join(it for it in facts if it)}. {told}\n"
    return f"{text}\n{_presets(card)}{table(head, map(_parameter, card.parameters))}"


def _presets(card: MethodCard) -> str:
    """Return the table of a method's presets; empty if there are none."""
    rows = [(f'`"{name}"`', it.summary, _filled(it)) for name, it in card.presets.items()]
    return f"{table(('preset', 'what it is', 'fills'), rows)}\n" if rows else ""


def _filled(preset: Preset) -> str:
    return ", ".join(f"`{key} = {_toml(value).strip('`')}`" for key, value in preset.parameters.items())


def _parameter(card: ParameterCard) -> tuple[str, str, str, str]:
    unit = f" [{card.unit}]" if card.unit else ""
    return f"`{card.name}`", _toml(card.default), card.allowed, f"{card.meaning}{unit}"


def _toml(value: object) -> str:
    if value is None:
        return "fits the model"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:.4g}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def _explained(card: MethodCard) -> str:
    parts = [f"## {card.title}", card.summary, *card.paragraphs]
    if card.limits:
        parts += [
            "**How it misleads, and where it differs from its paper.**",
            "\n".join(f"- {it}" for it in card.limits),
        ]
    if card.paper is not None:
        at = f", {card.paper.equation}" if card.paper.equation else ""
        venue = f", {card.paper.venue}" if card.paper.venue else ""
        parts.append(f"*{card.paper.authors}: [{card.paper.title}]({card.paper.url}){venue}, {card.paper.year}{at}.*")
    if card.data:
        parts.append(f"Brings {card.data}.")
    parts.append(f"[Its parameters](../reference/methods.md#{anchor(card.name)}).")
    return "\n\n".join(parts) + "\n"


def _renders(card: MethodCard) -> str:
    return ", ".join(words for kind, words in KINDS.items() if kind in card.kinds)


def _cited(paper: Paper | None) -> str:
    if paper is None:
        return ""
    names = [name.strip() for name in paper.authors.split(",")]
    authors = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    return f"([{authors} {paper.year}]({paper.url}))"
