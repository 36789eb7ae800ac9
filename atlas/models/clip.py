"""CLIP: a network that learned pictures with their captions; built by open_clip, its weights from a file.

Nothing is fetched: networks whose texts are read by something that would be are refused.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from atlas.errors import ConfigError, did_you_mean
from atlas.models.code.foreign import foreign_code


def check_architecture(name: str) -> None:
    """Check that a CLIP can be built by name, and reads texts by what open_clip brings.

    Raises:
        ConfigError: it cannot.
    """
    import open_clip

    known = open_clip.get_model_config(name)
    if known is None:
        hint = did_you_mean(name, open_clip.list_models()) or "open_clip.list_models() lists them"
        raise ConfigError([f'open_clip has no architecture "{name}"; {hint}'])
    if fetched := {"hf_model_name", "hf_tokenizer_name"} & set(known["text_cfg"]):
        what = known["text_cfg"][min(fetched)]
        raise ConfigError([f'the texts of "{name}" are read by {what}, which would be fetched; take "ViT-B-32"'])


class Clip:
    """Image and text tower.

    Args:
        architecture: open_clip's name of it, e.g. ``ViT-B-32``, or ``ViT-B-32-quickgelu`` where OpenAI trained it.
        weights: file of both towers, as open_clip saves it; loading it runs no code.
        device: where it runs.

    Raises:
        ModelError: the file cannot be read, or is of another architecture.
    """

    def __init__(self, architecture: str, weights: Path, device: torch.device) -> None:
        import open_clip

        self._device = device
        with torch.random.fork_rng(), _without_warning():  # for it draws weights first
            self._model = open_clip.create_model(architecture).eval().requires_grad_(False)
        failed = f'"{weights}" holds no weights of the CLIP "{architecture}"'
        with foreign_code(failed, "name the architecture that they are of, as open_clip.list_models() has it"):
            open_clip.load_checkpoint(self._model, str(weights))
        self._model.to(device)
        known = open_clip.get_model_preprocess_cfg(self._model)
        side = known["size"]
        self._size = (side, side) if isinstance(side, int) else (side[1], side[0])
        self._mean, self._std = (torch.tensor(known[name], device=device)[:, None, None] for name in ("mean", "std"))
        self._read = open_clip.get_tokenizer(architecture)

    @torch.no_grad()
    def picture(self, image: Image.Image) -> NDArray[np.float32]:
        """Return the embedding of an image (1, D), which is resized whole to the input, bicubically."""
        whole = np.array(image.convert("RGB").resize(self._size, Image.Resampling.BICUBIC))
        pixels = torch.from_numpy(whole).permute(2, 0, 1).float().to(self._device) / 255
        return _array(self._model.encode_image(((pixels - self._mean) / self._std)[None]))

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the embeddings of texts (n, D)."""
        return _array(self._model.encode_text(self._read(list(texts)).to(self._device)))


@contextmanager
def _without_warning() -> Iterator[None]:
    """Keep open_clip from saying that weights are random, which are read from a file right afterwards."""
    root = logging.getLogger()

    def is_other(record: logging.LogRecord) -> bool:
        return "No pretrained weights" not in record.getMessage()

    root.addFilter(is_other)
    try:
        yield
    finally:
        root.removeFilter(is_other)


def prompts(name: str) -> Iterator[str]:
    """Yield the 80 prompts of a class with which CLIP's authors asked for ImageNet's, e.g. ``a photo of a llama.``"""
    from open_clip import OPENAI_IMAGENET_TEMPLATES

    called = name.partition(",")[0].replace("_", " ").strip()
    yield from (template(called) for template in OPENAI_IMAGENET_TEMPLATES)


def _array(values: torch.Tensor) -> NDArray[np.float32]:
    return values.float().cpu().numpy()
