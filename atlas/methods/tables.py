"""Methods as documentation shows them: Markdown made from their cards, those of other packages among them."""

import json
from collections.abc import Iterable

from atlas.core.method_card import MethodCard, Paper, ParameterCard
from atlas.methods import methods


def methods_table(names: Iterable[str] | None = None) -> str:
    """Return the table of methods, by default of all: what each does, what it renders and needs, and its paper."""
    rows = [
        f"| `{card.name}` | {_cell(card.summary)} | {', '.join(card.kinds)} | {_needs(card)} | {_cited(card)} |"
        for card in (methods.get(name).card for name in (methods.names() if names is None else names))
    ]
    header = ["| method | what it does | renders | needs | paper |", "|---|---|---|---|---|"]
    return "\n".join([*header, *rows]) + "\n"


def method_reference(name: str) -> str:
    """Return all that is to be said of a method: how it works, its parameters, how it misleads.

    Raises:
        ConfigError: there is no such method.
    """
    card = methods.get(name).card
    facts = [
        f"`{card.name}`, version {card.version}. Renders {', '.join(card.kinds)} targets"
        + (" from photos" if card.from_photo else "")
        + (f"; needs {' and '.join(card.needs)}" if card.needs else "")
        + f". Its objective is in the unit {card.unit}."
    ]
    if -1 not in card.signs:
        facts.append("It shows what raises a unit, not what lowers it.")
    if not card.seeded:
        facts.append("Nothing in it is random: every seed gives the same picture.")
    limits = "\n".join(f"- {limit}" for limit in card.limits)
    parts = [
        f"## {card.title}",
        " ".join(facts),
        card.summary,
        *card.paragraphs,
        parameters_table(card),
        *([f"**How it misleads**\n\n{limits}"] if limits else []),
        _paper(card.paper) if card.paper else "",
        f"Data that it brings: {card.data}." if card.data else "",
    ]
    return "\n\n".join(part.rstrip() for part in parts if part) + "\n"


def parameters_table(card: MethodCard) -> str:
    """Return the table of a method's parameters."""
    rows = [
        f"| `{one.name}` | {_default(one)} | {_cell(one.unit)} | {_cell(one.allowed)} | {_cell(one.meaning)} |"
        for one in card.parameters
    ]
    return "\n".join(["| parameter | default | unit | allowed | meaning |", "|---|---|---|---|---|", *rows])


def _default(parameter: ParameterCard) -> str:
    if parameter.default is None:
        return "for the model"
    value = parameter.default
    return f"`{value:.5g}`" if isinstance(value, float) else f"`{json.dumps(value, ensure_ascii=False)}`"


def _needs(card: MethodCard) -> str:
    return ", ".join([*card.needs, *(["photos"] if card.from_photo else [])])


def _cited(card: MethodCard) -> str:
    if card.paper is None:
        return ""
    first, *others = card.paper.authors.split(", ")
    who = first if not others else f"{first} and {others[0]}" if len(others) == 1 else f"{first} et al."
    return f"[{who} {card.paper.year}]({card.paper.url})"


def _paper(paper: Paper) -> str:
    where = "; ".join(part for part in (paper.venue, paper.equation) if part)
    return f"Paper: {paper.authors} ({paper.year}). [{paper.title}]({paper.url})." + (f" {where}." if where else "")


def _cell(text: str) -> str:
    """Return text that breaks no row."""
    return text.replace("|", "\\|").replace("\n", " ")
