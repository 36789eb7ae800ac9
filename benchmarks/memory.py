"""Memory of a view: what is predicted from the tensors that autograd keeps, against what a process really holds more.

    python benchmarks/memory.py [--model NAME ...] [--views 2 10] [--json FILE]

For each network, with random weights: the bytes that one more view adds to a forward pass to the output, as a run on an
accelerator predicts them to choose its passes, and the growth of the peak of a fresh process, forward and backward,
between two numbers of views, by view. Prints Markdown. Linux only.
"""

import json
import subprocess
import sys
from pathlib import Path

import click
import torch
from rendering.session import table

from atlas.core.job import LOGITS
from atlas.models.load import load_model
from atlas.models.network.footprint import views_that_fit
from atlas.models.network.network import Network
from atlas.models.spec import ModelSpec
from atlas.tasks.peak import begin_peak, peak_bytes

NETWORKS = ("resnet50", "convnext_tiny", "efficientnet_b0", "vit_small_patch16_224", "swin_tiny_patch4_window7_224")
CPU = torch.device("cpu")
MEBIBYTE = 2**20
CARD = 80 * 2**30


def network_of(name: str) -> tuple[Network, tuple[int, int]]:
    """Return a network of timm with random weights, as classes are rendered with it, and the size of its input."""
    model = load_model(ModelSpec(name=name, architecture=name, pretrained=False))
    shown = model.card.identity.preprocessing
    return model.network(model.numerics_for(LOGITS), CPU), (shown.height, shown.width)


def held(name: str, count: int) -> int:
    """Return the bytes by which this process grows in a step with so many views, forward and backward."""
    network, size = network_of(name)
    before = _resident()
    begin_peak(CPU)
    views = torch.rand(count, 3, *size, requires_grad=True)
    network(views, LOGITS).sum().backward()
    peak = peak_bytes(CPU)
    assert peak is not None, "this system tells no peak"
    return peak - before


def _resident() -> int:
    begin_peak(CPU)
    return peak_bytes(CPU) or 0


def _measured(name: str, counts: tuple[int, int]) -> int:
    """Return the bytes of a view, from two processes with few and many."""
    few, many = counts
    peaks = []
    for count in counts:
        command = [sys.executable, __file__, "--model", name, "--held", str(count)]
        peaks.append(int(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    return (peaks[1] - peaks[0]) // (many - few)


@click.command()
@click.option("--model", "models", multiple=True, default=NETWORKS, show_default=True, help="Of timm; repeatable.")
@click.option("--views", "counts", nargs=2, default=(2, 10), show_default=True, help="Numbers of views to compare.")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too.")
@click.option("--held", "count", type=int, hidden=True, help="Print what one step with so many views holds, and end.")
def main(models: tuple[str, ...], counts: tuple[int, int], file: Path | None, count: int | None) -> None:
    """Print predicted and measured bytes of a view."""
    if count is not None:
        print(held(models[0], count))
        return
    figures = []
    for name in models:
        network, size = network_of(name)
        predicted, measured = network.bytes_of_view([LOGITS], size), _measured(name, counts)
        figures.append({"model": name, "side": size[0], "predicted": predicted, "measured": measured})
    rows = [
        [
            one["model"],
            f"{one['predicted'] / MEBIBYTE:.1f}",
            f"{one['measured'] / MEBIBYTE:.1f}",
            f"{one['measured'] / one['predicted']:.2f}",
            str(views_that_fit(one["predicted"], CARD)),
        ]
        for one in figures
    ]
    head = [
        "network",
        "predicted, MiB a view",
        "measured, MiB a view",
        "measured over predicted",
        "views a pass, 80 GiB",
    ]
    print(table(head, rows))
    if file is not None:
        file.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
