"""Derived pictures: what the mask shows, where it crops, what files come out."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sample_store import picture, png, transparency

from atlas.core.canonical import digest_bytes
from atlas.site.page import PAGE_SIZE
from atlas.site.pictures.picture import (
    FULL,
    GRID,
    LEAD_CROP,
    MASS,
    MINIMUM_CROP,
    THUMBNAILS,
    crop_square,
    derive,
    feather,
    smooth_mask,
)
from atlas.site.words.formats import thumbnails


def blob(x: float, y: float, width: float, side: int = GRID) -> Image.Image:
    rows, columns = np.mgrid[:side, :side] / side
    return Image.fromarray((255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / width**2)).astype(np.uint8))


@given(st.floats(0.1, 0.9), st.floats(0.1, 0.9), st.floats(0.03, 0.5))
def test_the_crop_is_a_square_inside_the_picture_that_holds_the_mass(x: float, y: float, width: float) -> None:
    mask = blob(x, y, width)
    left, top, side = crop_square(mask)
    assert left >= 0 and top >= 0 and left + side <= GRID and top + side <= GRID
    assert side >= MINIMUM_CROP * GRID - 1
    values = np.asarray(mask, dtype=float)
    inside = values[top : top + side, left : left + side].sum() / values.sum()
    assert inside >= MASS - 0.02  # the search runs on a grid of half the size, whose cells are rounded


def test_the_crop_follows_the_subject() -> None:
    left, top, side = crop_square(blob(0.25, 0.7, 0.1))
    assert abs(left + side / 2 - 0.25 * GRID) <= 2
    assert abs(top + side / 2 - 0.7 * GRID) <= 2


def test_a_larger_subject_gets_a_larger_crop() -> None:
    sides = [crop_square(blob(0.5, 0.5, width))[2] for width in (0.1, 0.3, 0.5)]
    assert sides == sorted(sides) and sides[0] < sides[-1]


def test_a_map_that_says_nothing_shows_the_whole_picture() -> None:
    mask = smooth_mask(Image.new("L", (96, 96), 37))
    assert mask.getextrema() == (255, 255)


def test_the_mask_is_opaque_on_the_subject_and_clear_far_from_it() -> None:
    mask = np.asarray(smooth_mask(blob(0.5, 0.5, 0.2, side=320)))
    assert mask[GRID // 2, GRID // 2] == 255
    assert mask[0, 0] == 0


def test_one_bright_pixel_is_no_subject() -> None:
    noise = blob(0.3, 0.3, 0.2, side=320).point(lambda value: value // 2)
    noise.putpixel((300, 300), 255)
    left, top, side = crop_square(smooth_mask(noise))
    assert left + side / 2 < 0.45 * GRID and top + side / 2 < 0.45 * GRID


def test_the_feather_is_clear_outside_and_opaque_inside() -> None:
    made = np.asarray(feather(40))
    assert made[0].max() < 10 and made[:, -1].max() < 10
    assert made[20, 20] == 255
    assert (made == made.T).all() and (made == made[::-1, ::-1]).all()


def test_files_are_named_by_their_content_and_made_alike_each_time() -> None:
    image, alpha = png(picture(1, 320)), png(transparency(1, 320))
    made, files = derive(image, alpha)
    assert derive(image, alpha) == (made, files)
    assert {file.path for file in made.files} == set(files)
    for file in made.files:
        assert file.path.replace("/", "").removesuffix(".webp") == digest_bytes(files[file.path])[:18]
        assert len(files[file.path]) == file.bytes
        opened = Image.open(io.BytesIO(files[file.path]))
        assert (opened.format, opened.size) == ("WEBP", (file.width, file.height))


def test_widths_ascend_from_thumbnails_to_the_full_view() -> None:
    made, _ = derive(png(picture(2, 320)), png(transparency(2, 320)))
    assert [file.width for file in made.raw] == [*THUMBNAILS, 320]
    made, _ = derive(png(picture(2, 1400)), png(transparency(2, 1400)))
    assert [file.width for file in made.raw] == [*THUMBNAILS, *FULL]
    assert [file.width for file in made.close] == [*THUMBNAILS]
    assert made.masked[0].width == FULL[0] and FULL[0] < made.masked[-1].width <= FULL[-1]


@pytest.mark.parametrize("side", [96, 224, 352, 512, 800])
def test_the_lead_picture_has_the_pixels_for_its_place_wherever_its_master_has(side: int) -> None:
    seed = 7
    while crop_square(smooth_mask(transparency(seed, side)), MINIMUM_CROP)[2] > 0.6 * GRID:
        seed += 1  # a small subject: what would be cropped most
    made, _ = derive(png(picture(seed, side)), png(transparency(seed, side)))
    cell = side / (GRID // 2)  # crops are whole cells of the grid that they are looked for on
    assert min(side, LEAD_CROP) <= made.masked[-1].width <= max(min(side, LEAD_CROP) + cell, 0.6 * side)
    assert made.close[-1].width == min(side, THUMBNAILS[-1])


def test_the_masked_view_is_transparent_and_the_raw_one_is_not() -> None:
    made, files = derive(png(picture(3, 320)), png(transparency(3, 320)))
    masked = Image.open(io.BytesIO(files[made.masked[-1].path]))
    assert masked.mode == "RGBA"
    opacity = np.asarray(masked.getchannel("A"))
    assert opacity[0, 0] == 0 and opacity.max() > 240
    for opaque in (made.raw[-1], *made.close):
        assert Image.open(io.BytesIO(files[opaque.path])).mode == "RGB"


def test_beside_a_photo_nothing_is_cropped_and_thumbnails_are_masked_too() -> None:
    made, files = derive(png(picture(3, 512)), png(transparency(3, 512)), crop=False)
    assert [file.width for file in made.close] == [*THUMBNAILS] and made.masked[-1].width == 512
    assert Image.open(io.BytesIO(files[made.close[0].path])).mode == "RGBA"


def test_a_picture_that_is_not_cut_has_no_feather() -> None:
    everywhere = png(Image.new("L", (96, 96), 200))
    made, files = derive(png(picture(3, 96)), everywhere)
    masked = Image.open(io.BytesIO(files[made.masked[-1].path])).convert("RGBA")
    assert masked.getchannel("A").getextrema()[0] >= 248


def test_without_a_map_there_is_no_masked_view() -> None:
    assert derive(png(picture(4, 96)), None)[0].masked == ()


def test_the_placeholder_is_the_average_colour() -> None:
    assert derive(png(Image.new("RGB", (64, 64), (255, 0, 102))), None)[0].colour == "502"


def test_a_map_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="transparency map"):
        derive(png(picture(5, 96)), png(transparency(5, 64)))


def natural(side: int) -> Image.Image:
    """Noise with the 1/f spectrum of photographs: as hard to compress as a rendering gets."""
    random = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    frequency[0, 0] = 1 / side
    phase = np.exp(2j * np.pi * random.random((3, *frequency.shape)))
    x = np.fft.irfft2(phase / frequency**1.1, s=(side, side))
    x = (x - x.mean((1, 2), keepdims=True)) / x.std((1, 2), keepdims=True)
    return Image.fromarray((255 / (1 + np.exp(-x))).astype(np.uint8).transpose(1, 2, 0))


@pytest.mark.parametrize("side", [320, 448, 512])
def test_natural_textures_keep_the_byte_budgets(side: int) -> None:
    made, _ = derive(png(natural(side)), png(transparency(6, side)))
    assert made.raw[0].bytes <= 8_192 and made.close[0].bytes <= 8_192
    on_a_grid = max(thumbnails(kind)[-1].bytes for kind in (made.raw, made.close))
    assert PAGE_SIZE * on_a_grid <= 560_000
    assert made.raw[-1].bytes <= 61_440 and made.masked[-1].bytes <= 61_440


def test_the_largest_view_leaves_room_for_the_page() -> None:
    made, _ = derive(png(natural(1024)), None)
    assert made.raw[-2].width == FULL[0] and made.raw[-2].bytes <= 61_440
    assert made.raw[-1].width == FULL[-1] and made.raw[-1].bytes <= 200_000
