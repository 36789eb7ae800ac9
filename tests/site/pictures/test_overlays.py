"""Overlays: heat maps keep their place, patches their concept, and bytes their budget."""

import io

import numpy as np
from PIL import Image
from sample_concepts import _heats, _waves, sprite

from atlas.core.analysis import Sprite
from atlas.site.pictures.overlays import CARD_CELL, CARD_GUTTER, CARD_PATCHES, HEAT_CELL, Grid, derive_overlays

PITCH = CARD_CELL + 2 * CARD_GUTTER


def source(files: dict[str, bytes], made: Sprite) -> tuple[bytes, Grid]:
    return files[made.name], Grid(made.cell, made.columns, made.count)


def opened(files: dict[str, bytes], path: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(files[path])).convert("RGBA")).astype(int)


def test_heat_is_opaque_where_it_is_strong_and_clear_where_there_is_none() -> None:
    files: dict[str, bytes] = {}
    heat = np.zeros((5, 320, 320), np.uint8)
    heat[3, 160:, :160] = 255
    made, written = derive_overlays([], [source(files, sprite(heat, 3, "png", files))])
    alpha = opened(written, made.heats[0].path)[..., 3]
    assert (made.heats[0].width, made.heats[0].height) == (3 * HEAT_CELL, 2 * HEAT_CELL)
    cell = alpha[HEAT_CELL : 2 * HEAT_CELL, :HEAT_CELL]
    half = HEAT_CELL // 2
    assert cell[half + 2 :, : half - 2].min() > 240 and cell[: half - 2].max() == 0 and cell[:, half + 2 :].max() == 0
    assert alpha[:HEAT_CELL].max() == 0


def test_stronger_heat_is_lighter_and_more_opaque() -> None:
    files: dict[str, bytes] = {}
    ramp = np.repeat(np.linspace(0, 255, 8).astype(np.uint8), HEAT_CELL**2).reshape(8, HEAT_CELL, HEAT_CELL)
    made, written = derive_overlays([], [source(files, sprite(ramp, 8, "png", files))])
    picture = opened(written, made.heats[0].path)[32, 32::HEAT_CELL]
    assert (np.diff(picture[:, 3]) >= 0).all() and picture[-1, 3] > 240
    assert (np.diff(picture[2:, :3].sum(1)) > 0).all()


def test_cards_show_the_first_patches_row_by_row() -> None:
    files: dict[str, bytes] = {}
    first = np.stack([np.full((40, 40, 3), shade, np.uint8) for shade in (10, 60, 110, 160, 210, 250)])
    few = np.full((2, 40, 40, 3), 200, np.uint8)
    patches = [source(files, sprite(first, 3, "webp", files)), source(files, sprite(few, 2, "webp", files))]
    made, written = derive_overlays(patches, [])
    (cards,) = made.cards
    assert (cards.width, cards.height) == (CARD_PATCHES * CARD_CELL, 2 * PITCH)
    middle = opened(written, cards.path)[PITCH // 2 :: PITCH, CARD_CELL // 2 :: CARD_CELL, 0]
    assert np.abs(middle - [[10, 60, 110, 160], [200, 200, 128, 128]]).max() <= 4


def test_files_are_small_and_the_same_each_time() -> None:
    files: dict[str, bytes] = {}
    patches = [source(files, sprite(_waves(range(n, n + 12), 112), 4, "webp", files)) for n in range(10)]
    heats = [source(files, sprite(_heats(range(n, n + 6), 224), 3, "png", files)) for n in range(10)]
    made, written = derive_overlays(patches, heats)
    assert derive_overlays(patches, heats) == (made, written)
    assert {file.path for file in made.files} == set(written)
    assert made.cards[0].bytes <= 100_000
    assert max(heat.bytes for heat in made.heats) <= 25_000
