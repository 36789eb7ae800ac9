"""Which models a configuration is about."""

from atlas.config import ConceptsBlock, Config, RenderBlock
from atlas.config.evaluation import ALL


def models_of(config: Config, block: RenderBlock | ConceptsBlock) -> tuple[str, ...]:
    """Return the names of the models of a block: those it names, or the only one there is, judges aside."""
    return block.model or (config.default_model,)


def used_models(config: Config, evaluates: bool = True) -> list[str]:
    """Return the names of the models that a configuration is about, in its order.

    Args:
        evaluates: whether those that judge, or are only analysed, are among them.
    """
    blocks: list[RenderBlock | ConceptsBlock] = [*config.render, *config.concepts]
    used = {name for block in blocks for name in models_of(config, block)}
    if not evaluates:
        return [spec.name for spec in config.models if spec.name in used]
    used |= {judge.model for judge in config.judges if config.evaluate or config.analyse}
    for analysed in config.analyse:
        used |= {spec.name for spec in config.models} if analysed.models == ALL else {*analysed.models}
    return [spec.name for spec in config.models if spec.name in used]
