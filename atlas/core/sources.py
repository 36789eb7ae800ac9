"""Sources: the papers that several scores and analyses are from."""

from atlas.core.metric_card import Source

MACO = Source(
    title="Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained Optimization",
    authors="T. Fel, T. Boissin, V. Boutin, A. Picard, P. Novello, J. Colin, D. Linsley, T. Rousseau, R. Cadène, "
    "L. Gardes, T. Serre",
    year=2023,
    url="https://arxiv.org/abs/2306.06805",
)
VITAL = Source(
    title="VITAL: More Understandable Feature Visualization through Distribution Alignment and Relevant Information "
    "Flow",
    authors="A. Gorgun, B. Schiele, J. Fischer",
    year=2025,
    url="https://arxiv.org/abs/2503.22399",
)
VIT_AND_CNN = Source(
    title="Visualization Comparison of Vision Transformers and Convolutional Neural Networks",
    authors="Shi, Li, Zhang, Yamaguchi",
    year=2023,
    url="https://bit.ly/net-vis-compare",
)
