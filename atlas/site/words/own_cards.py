"""Cards of the numbers that the site itself works out: counts of what it shows, and what compares stored numbers."""

from atlas.core.metric_card import MetricCard


def _count(name: str, title: str, summary: str, *meaning: str) -> MetricCard:
    """Return the card of a number of things that the site shows."""
    return MetricCard(
        name=f"count_{name}",
        title=title,
        about="this atlas",
        summary=summary,
        meaning=meaning,
        definition="Counted in the store when the site is built.",
        lowest=0,
        n="a count",
    )


COUNTS = (
    _count(
        "rendered",
        "rendered",
        "classes of the output and units of the layers before it that have a picture",
        "A class is a unit of the network's output, a unit one of a layer before it. None is left out for its looks.",
    ),
    _count(
        "dead",
        "dead",
        "classes and units that no gradient reached, so that there is no picture",
        "Nothing that the rendering tried changed them. Other parameters may wake them.",
    ),
    _count("failed", "failed", "classes and units whose rendering went wrong; each page says how"),
    _count(
        "pictures",
        "pictures",
        "renderings that were finished, whatever they are of: a class, a unit, a concept or a photo",
        "There may be several of one class, by seed, method or sign. Each is counted once.",
    ),
    _count("layers", "layers", "places in the network, before its output, where units could be rendered"),
    _count(
        "concepts",
        "concepts",
        "directions found in the photos of a class that have a page",
        "Only the most important of the fitted directions have one.",
    ),
    _count("photos", "photos", "photos that pictures were made from, or that concepts and statistics are of"),
    _count(
        "succeeded",
        "successful",
        "adversarial examples after which the model sees the class that was aimed at, or no longer the one left",
    ),
    MetricCard(
        name="seconds",
        title="seconds",
        about="this atlas",
        summary="wall time that the picture took: that of its batch, divided by the pictures in it",
        meaning=("It depends on the machine, which the recipe names; the picture does not.",),
        definition="Wall time of the batch over the number of pictures in it.",
        unit="s",
        lowest=0,
        n="mean over the batch",
    ),
)

COMPARED = (
    MetricCard(
        name="concept_similarity",
        title="similarity of concepts",
        about="concepts",
        summary="cosine between the directions of two concepts of one layer: 1 is the same direction, 0 has nothing in "
        "common",
        meaning=("A high one between classes tells that the network uses the same thing for both.",),
        definition="The cosine of the two unit vectors.",
        lowest=-1,
        highest=1,
        n="one value for each pair",
        limits=("In layers whose activations are never negative, unrelated directions are somewhat above 0.",),
    ),
    MetricCard(
        name="selectivity",
        title="selectivity",
        about="photos",
        summary="how many standard deviations lie between the mean activation of all photo views and the strongest one",
        meaning=(
            "A unit that answers to nearly all photos alike has 3 or 4; one that waits for a rare thing and then "
            "answers strongly has more.",
        ),
        definition="(strongest − mean) / standard deviation of the unit's activation over all views.",
        lowest=0,
        n="over all views of all photos",
        limits=("It grows with the number of photos, so compare it only on the same ones.",),
    ),
    MetricCard(
        name="above_photos",
        title="above so many views",
        about="photos",
        summary="share of the photo views to which the unit answers less than to the picture",
        meaning=("“Above all” says that the picture drives the unit further than any photo, or part of one.",),
        definition="Read off the quantiles of the unit's activation over all views, on straight lines between them, "
        "rounded towards the middle.",
        lowest=0,
        highest=1,
        form="percent",
        n="over all views of all photos",
    ),
)

OWN_CARDS = (*COUNTS, *COMPARED)
