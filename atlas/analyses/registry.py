"""Registry of the kinds of analyses that ``[[analyse]]`` may name. Nothing is loaded before one is planned."""

from atlas.core.registry import Registry

ANALYSES: Registry[object] = Registry(
    "analysis",
    "atlas.analyses",
    object,
    {
        "cka": "atlas.plan.findings.cka:CKA",
        "attribution": "atlas.plan.findings.attribution:ATTRIBUTION",
        "class_relatedness": "atlas.plan.findings.class_relatedness:CLASS_RELATEDNESS",
        "texture_bias": "atlas.plan.findings.texture:TEXTURE_BIAS",
        "embedding": "atlas.plan.findings.embedding:EMBEDDING",
        "references": "atlas.plan.findings.references:REFERENCES",
        "concept_curves": "atlas.plan.findings.concept_curves:CONCEPT_CURVES",
    },
)
"""Kind to its :class:`atlas.plan.findings.analyser.Analyser`."""
