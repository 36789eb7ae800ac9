"""Papers that several analyses are taken from."""

from atlas.core.metric_card import Source

VIT_AND_CNN = Source(
    title="Visualization Comparison of Vision Transformers and Convolutional Neural Networks",
    authors="Shi, Li, Zhang, Yamaguchi",
    year=2023,
    url="https://bit.ly/net-vis-compare",
)
VITAL = Source(
    title="VITAL: More Understandable Feature Visualization through Distribution Alignment and Relevant Information "
    "Flow",
    authors="Gorgun, Schiele, Fischer",
    year=2025,
    url="https://arxiv.org/abs/2503.22399",
)
