"""Cards of the numbers of concepts: what each says, kept in the store with the concepts."""

from atlas.core.metric_card import MetricCard
from atlas.craft.paper import CRAFT

CARDS = (
    MetricCard(
        name="importance_sobol",
        title="importance, total Sobol index",
        about="concepts",
        summary="share of the logit's variance that is lost without the concept, alone and together with others, when "
        "concepts are faded at random in the class's photos",
        meaning=(
            "Each concept's strength in a photo is multiplied by a random number between 0 and 1, the rest of the "
            "network runs on what is left, and the logit moves. The index is the part of that movement that this "
            "concept has a hand in. Near 0 the logit does not need it.",
            "Where concepts act together, each counts what they share: the indices of one class can add up to more "
            "than 1.",
        ),
        definition="Jansen's estimator of the total Sobol index, the mean over photos; the interval is a 95 % "
        "bootstrap over photos.",
        lowest=0,
        n="mean over the class's photos that were used",
        paper=CRAFT,
        limits=(
            "It speaks of the fitted directions only: what the factorisation does not reconstruct is not in it.",
            "Estimates from few photos have wide intervals; where intervals overlap, the order may be chance.",
        ),
    ),
    MetricCard(
        name="importance_share",
        title="importance, share of the logit",
        about="concepts",
        summary="how much of what raises the class's logit comes from the concept; the shares of all fitted concepts "
        "add up to all of it",
        meaning=(
            "The logit is taken apart at the photo as the concepts rebuild it, to first order. Where one linear layer "
            "follows, a share is exactly what the concept contributes. What lowers the logit has no share.",
        ),
        definition="The positive part of gradient times strength, summed over positions, over the sum of the same of "
        "all fitted concepts; the mean over photos, with a 95 % bootstrap interval over them.",
        lowest=0,
        highest=1,
        form="percent",
        n="mean over the class's photos that were used",
        limits=("Behind layers that are not linear it holds near the photo only, and misses what saturates.",),
    ),
    MetricCard(
        name="concept_first",
        title="first",
        about="concepts",
        summary="share of the class's photos on which the concept is the most important one",
        meaning=("A concept can matter on average and yet lead in no single photo, and the other way round.",),
        definition="Photos on which its importance is the largest of all fitted directions, over all photos used.",
        lowest=0,
        highest=1,
        form="percent",
        n="mean over the class's photos that were used",
    ),
    MetricCard(
        name="concept_stability",
        title="stability",
        about="concepts",
        summary="how alike the concept's direction comes back when the factorisation is repeated from other starts: 1 "
        "is the same each time",
        meaning=(
            "A factorisation has many solutions. A concept that is found from every start is a property of the photos "
            "and the network; one that is not may be an accident, and is marked unstable.",
        ),
        definition="The smallest, over repeated factorisations, of the best cosine between its direction and one found "
        "there.",
        lowest=0,
        highest=1,
        better="higher",
        n="the smallest over repeated factorisations",
        limits=("A stable direction can still mix several things that always come together in the photos.",),
    ),
    MetricCard(
        name="reconstruction_error",
        title="reconstruction error",
        about="concepts",
        summary="share of the patches' activations that the concepts together do not account for: 0 is all of it",
        meaning=(
            "What the concepts leave out is not explained by them, however important each is. More directions leave "
            "less, and are harder to read.",
        ),
        definition="‖A − UW‖ / ‖A‖, with the patches' activations A, the strengths U and the directions W; Frobenius "
        "norms.",
        lowest=0,
        better="lower",
        n="over all patches of the class",
    ),
    MetricCard(
        name="predicted_share",
        title="photos predicted as the class",
        about="concepts",
        summary="share of the class's readable photos that the model itself takes for the class; only these are used",
        meaning=("Concepts are to say why the model sees the class: photos in which it does not are left out.",),
        definition="Photos whose largest logit is the class's, over all photos of the class that could be read.",
        lowest=0,
        highest=1,
        form="percent",
        better="higher",
        n="over all readable photos of the class",
    ),
    MetricCard(
        name="concepts_together",
        title="comes with",
        about="concepts",
        summary="how often two concepts of a class are strong in the same photos: 1 always, 0 never",
        meaning=("Two concepts that always come together may be two halves of one thing.",),
        definition="The cosine of the two concepts' strengths over the class's photos.",
        lowest=0,
        highest=1,
        n="over the class's photos that were used",
    ),
    MetricCard(
        name="part_share",
        title="share of a part",
        about="concepts",
        summary="how much of the concept's own patches the part accounts for, at an earlier layer",
        meaning=(
            "The patches that show a concept are factorised again where the network has seen less of them; the parts "
            "are what it is put together from.",
        ),
        definition="The part's share of the reconstruction of the concept's patches at the earlier layer.",
        lowest=0,
        highest=1,
        form="percent",
        n="over the concept's patches",
        paper=CRAFT,
    ),
)
