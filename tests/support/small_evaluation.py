"""A small project that renders three classes of one tiny network and asks others what they see."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from small_photos import write_photos
from tiny_networks import colours

from atlas.config import load_config
from atlas.face.evaluating import Evaluating
from atlas.face.project import Project

MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
EVALUATE = """
[[evaluate]]
scores = ["transfer", "plausibility", "spectrum"]
photos = { judging = 0.5, seed = 0 }
k = [1, 2]
"""
JUDGES = """
[[judges]]
model = "other"
family = "Colours"
layers = ["act"]
"""
RENDER = """
[[render]]
classes = "all"
method = "fourier"
seeds = [0, 1]
parameters = { steps = 2, image_size = 32 }

[[render]]
classes = ["red", "green"]
method = "vital"
parameters = { steps = 1, image_size = 32 }
"""


def write_project(
    folder: Path,
    render: str = RENDER,
    judges: str = JUDGES,
    evaluate: str = EVALUATE,
    executor: str = 'kind = "serial"',
) -> Path:
    """Write photos and a configuration of them; the judge knows the classes in another order. Return the file."""
    if not (folder / "photos").exists():
        write_photos(folder / "photos", 8)
    (folder / "own.txt").write_text("red\ngreen\nblue\n")
    (folder / "other.txt").write_text("blue\nred\ngreen\n")
    file = folder / "atlas.toml"
    file.write_text(
        f"""
[executor]
{executor}
device = "cpu"
threads = 1
batch_size = 4

[photos]
path = "photos"
cache = "cache"
statistics = false
patch_size = 16

[[models]]
name = "tiny"
source = "callable"
architecture = "tiny_networks:signed_colours"
size = 32
class_names = "own.txt"

[[models]]
name = "other"
source = "callable"
architecture = "tiny_networks:colours"
size = 32
class_names = "other.txt"
{judges}{render}{evaluate}"""
    )
    return file


def opened(file: Path) -> Project:
    """The project of a configuration."""
    return Project.open(load_config(file))


def rendered(file: Path) -> Project:
    """The same with all pictures made."""
    project = opened(file)
    report = project.run()
    assert report.failed == []
    return project


def evaluated(file: Path, only=()):
    """Look and score; return (report, what came of it, what did it)."""
    evaluating = Evaluating.of(opened(file), only)
    report = evaluating.run()
    return report, evaluating.results(report), evaluating


def as_input(image):
    """An image as both networks are shown it, (3, 32, 32)."""
    whole = np.asarray(image.convert("RGB").resize((32, 32), Image.Resampling.BICUBIC), np.float32) / 255
    return (torch.from_numpy(whole).permute(2, 0, 1) - MEAN) / STD


def seen_by_hand(image, build=colours):
    """What a network, the judge's, makes of an image: probabilities, and means over positions of its layers."""
    network, found = build().eval(), {}
    for name in ("act", "act2"):
        getattr(network, name).register_forward_hook(
            lambda module, inputs, output, name=name: found.__setitem__(name, output.mean(dim=(2, 3))[0])
        )
    with torch.no_grad():
        logits = network(as_input(image)[None])[0]
    return logits.softmax(dim=0).numpy(), {name: each.numpy().astype(np.float64) for name, each in found.items()}
