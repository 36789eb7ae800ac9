"""The page of metrics, from their cards."""

from collections.abc import Iterator

from atlas.core.metric_card import MetricCard
from reference.markdown import anchor, table

INTRO = """# Metrics

Every number that a record holds or a page shows has a card: this page, the tooltips and each site's own page of numbers
are made from it.
"""

GROUPS = {
    "pictures": "Numbers of pictures",
    "photos": "Numbers of units on photos",
    "concepts": "Numbers of concepts",
    "models": "Numbers of models",
    "this atlas": "Numbers of an atlas",
}
BETTER = {
    "higher": "Higher is better",
    "lower": "Lower is better",
    "as the target": "Higher is better where the target raises its unit, lower where it lowers it",
    "none": "",
}


def cards() -> list[MetricCard]:
    """Return the cards of all our numbers: of those that a run may measure, and of those that a site works out."""
    from atlas.core.registry import OURS
    from atlas.jobs.cards import metric_cards
    from atlas.metrics import METRICS
    from atlas.site.words.own_cards import OWN_CARDS

    others = {name for name in METRICS.names() if METRICS.origin(name) != OURS}
    return [card for card in (*metric_cards(), *OWN_CARDS) if card.name not in others]


def metrics() -> str:
    """Return the page."""
    found = cards()
    rows = [(f"[{it.title}](#{anchor(it.title)})", f"`{it.name}`", it.summary, _unit(it)) for it in found]
    parts = [INTRO, table(("number", "name", "what it says", "unit"), rows)]
    for about, heading in GROUPS.items():
        group = [card for card in found if card.about == about]
        parts += [f"## {heading}\n", *map(_section, group)] if group else []
    return "\n".join(parts)


def _section(card: MetricCard) -> str:
    parts = [
        f"### {card.title}",
        f"`{card.name}`: {card.summary}.",
        "\n".join(f"- {fact}" for fact in _facts(card) if fact),
    ]
    parts += [*card.meaning, f"**How it is computed.** {card.definition}"]
    if card.limits:
        parts.append("**What it cannot tell.** " + " ".join(card.limits))
    if card.paper is not None:
        parts.append(f"*{card.paper.authors}: [{card.paper.title}]({card.paper.url}), {card.paper.year}.*")
    return "\n\n".join(parts) + "\n"


def _facts(card: MetricCard) -> Iterator[str]:
    yield f"In {_unit(card)}" if _unit(card) not in ("", "activation") else ""
    low, high = ("" if end is None else f"{end:g}".replace("-", "−") for end in (card.lowest, card.highest))
    yield f"From {low} to {high}" if low and high else f"{low} and more" if low else f"{high} and less" if high else ""
    yield BETTER[card.better]
    yield card.n[:1].upper() + card.n[1:]


def _unit(card: MetricCard) -> str:
    return "the method's own unit" if card.varies else "" if card.unit == "1" else card.unit
