"""Paths from the logits back to the image, read off the graph that autograd keeps: which layers lie on all of them."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from atlas.core.job import LOGITS
from atlas.models.network.capture import watching
from atlas.models.network.network import Network
from atlas.models.network.output import first_tensor

Node = Any
"""A node of autograd's graph; torch gives its type no public name."""


def unavoidable_layers(network: Network, inputs: Tensor, end: str = LOGITS) -> set[str] | None:
    """Return the layers through which every path from the logits to the image goes, found in one forward pass.

    Weights take no part, so the graph holds nothing but what depends on the image. A path that autograd does not see
    (a comparison, a detached tensor) is missed, and of what an operation with several results gives to different
    places all counts as one; so this finds candidates, to be measured.

    Args:
        inputs: (1, C, H, W), as the module takes them.
        end: another layer where the paths begin, in place of the logits.

    Returns:
        Their names; None if the graph does not connect the logits with the image.
    """
    made: dict[str, Node] = {}

    def note(path: str, output: Any) -> None:
        tensor = first_tensor(output)
        made[path] = None if tensor is None else tensor.grad_fn  # of the last call, if there are several

    leaf = inputs.detach().requires_grad_()
    with torch.enable_grad(), watching(network.module, note):
        result = network.raw_taps(leaf, [end])[end]
    if result.grad_fn is None:
        return None
    order = list(_topological(result.grad_fn))
    source = next((node for node in order if getattr(node, "variable", None) is leaf), None)
    if source is None:
        return None
    through = _paths_through(order, source)
    return {name for name, node in made.items() if through.get(node) == through[source]} - {LOGITS}


def _topological(root: Node) -> Iterator[Node]:
    """Yield the nodes below ``root``, each before those that it reads from."""
    readers: dict[Node, int] = {root: 0}
    found = [root]
    for node in found:  # grows while it is walked
        for below in _below(node):
            if below not in readers:
                readers[below] = 0
                found.append(below)
            readers[below] += 1
    ready = [root]
    while ready:
        node = ready.pop()
        yield node
        for below in _below(node):
            readers[below] -= 1
            if readers[below] == 0:
                ready.append(below)


def _below(node: Node) -> list[Node]:
    return [below for below, _ in node.next_functions if below is not None]


def _paths_through(order: list[Node], source: Node) -> dict[Node, int]:
    """Return how many paths from the first node to ``source`` go through each; through ``source`` itself, all do."""
    from_root = dict.fromkeys(order, 0) | {order[0]: 1}
    for node in order:
        for below in _below(node):
            from_root[below] += from_root[node]
    to_source: dict[Node, int] = {}
    for node in reversed(order):
        to_source[node] = 1 if node is source else sum(to_source[below] for below in _below(node))
    return {node: from_root[node] * to_source[node] for node in order}
