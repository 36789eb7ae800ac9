"""What no feature visualisation can tell: said on the page of every method, with whose findings these are."""

from atlas.core.method_card import Paper

PARAGRAPHS = (
    "A feature visualisation shows one input, far from any photograph, that a unit answers to strongly. It does not "
    "show what the unit does on real photographs, it need not be the only thing that excites the unit, and a picture "
    "that a person recognises is not proof that the network recognises it for the same reason.",
    "Networks can be built whose visualisations show anything at all while their behaviour on photographs stays the "
    "same, so these pictures alone cannot certify a network (Geirhos et al.). Asked to predict what raises a unit's "
    "activation, people did better with a few natural photographs than with synthetic pictures (Borowski et al.), "
    "and synthetic pictures helped them little to predict the effect of a change to an image (Zimmermann et al.).",
)
ADVICE = "Use them to form a hypothesis, then test it on data."
REFERENCES = (
    Paper(
        title="Don't trust your eyes: on the (un)reliability of feature visualizations",
        authors="Geirhos, Zimmermann, Bilodeau, Brendel, Kim",
        year=2023,
        venue="arXiv:2306.04719",
        url="https://arxiv.org/abs/2306.04719",
    ),
    Paper(
        title="How Well do Feature Visualizations Support Causal Understanding of CNN Activations?",
        authors="Zimmermann, Borowski, Geirhos, Bethge, Wallis, Brendel",
        year=2021,
        venue="NeurIPS",
        url="https://arxiv.org/abs/2106.12447",
    ),
    Paper(
        title="Exemplary Natural Images Explain CNN Activations Better than State-of-the-Art Feature Visualization",
        authors="Borowski, Zimmermann, Schepers, Geirhos, Wallis, Bethge, Brendel",
        year=2021,
        venue="ICLR",
        url="https://arxiv.org/abs/2010.12606",
    ),
)
