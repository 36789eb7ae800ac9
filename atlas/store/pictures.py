"""Pictures as bytes: lossless masters and transparency maps."""

import io

import numpy as np
from PIL import Image

from atlas.core.canonical import digest_bytes
from atlas.core.record import Asset, AssetRole

ALPHA_PERCENTILE = 99.0
"""Where a transparency map is clipped before it is stored in 8 bits; the site clips it further (80-98)."""


def encode_image(image: np.ndarray, role: AssetRole = "image") -> tuple[Asset, bytes]:
    """Encode a picture without loss.

    Args:
        image: (H, W, 3) uint8 sRGB.
    """
    return _encode(role, Image.fromarray(image))


def encode_alpha(alpha: np.ndarray) -> tuple[Asset, bytes]:
    """Encode a transparency map as 8-bit grey, clipped at its 99th percentile and scaled to 0..255.

    Args:
        alpha: (H, W), finite and non-negative, any scale.
    """
    top = float(np.percentile(alpha, ALPHA_PERCENTILE)) or float(alpha.max()) or 1.0
    return _encode("alpha", Image.fromarray((alpha / top * 255).clip(0, 255).round().astype(np.uint8)))


def _encode(role: str, picture: Image.Image) -> tuple[Asset, bytes]:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    data = buffer.getvalue()
    asset = Asset.model_validate(
        {
            "role": role,
            "sha256": digest_bytes(data),
            "media_type": "image/png",
            "bytes": len(data),
            "width": picture.width,
            "height": picture.height,
        }
    )
    return asset, data
