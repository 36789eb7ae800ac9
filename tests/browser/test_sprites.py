"""Cells of sprites show their own colours alone, to the last pixel of their edges, at any size and on any screen."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from atlas.photos.sprites import photo_sprite
from atlas.site.drawings.sheets import card_place, place, places
from atlas.site.pictures.overlays import CARD_PATCHES, Grid, derive_overlays
from atlas.site.resources import resource_folder

COLOURS = [(230, 30, 30), (30, 30, 230), (30, 200, 30), (240, 240, 240), (10, 10, 10), (240, 220, 20)]
NEAR = 12
"""Levels by which lossy files change a colour of their own."""
COUNT, CELL, COLUMNS = 12, 112, 4
SIZES = (37, 50.5, 85.3, 112, 171.7)


def colour(number: int) -> tuple[int, int, int]:
    """Return a colour that no neighbour of the cell has, in its row or the next one."""
    return COLOURS[(number + number // COLUMNS * 2) % len(COLOURS)]


def page(folder: Path, cells: list[str], rules: str) -> str:
    """Write a page with the site's own stylesheet, each cell at a place of its own; return its address."""
    style = (resource_folder("static") / "atlas.css").read_text() + places() + rules
    (folder / "page.html").write_text(f"<!doctype html><style>{style}</style><main>{''.join(cells)}</main>")
    return (folder / "page.html").as_uri()


def shown(browser: Browser, address: str, scale: float, selector: str) -> list[np.ndarray]:
    """Return the pixels of each cell, without those that its box shares with what lies beside it."""
    context = browser.new_context(viewport={"width": 1000, "height": 900}, device_scale_factor=scale)
    visited = context.new_page()
    visited.goto(address)
    visited.evaluate("Promise.all([...document.images].map(image => image.decode()))")
    picture = np.asarray(Image.open(io.BytesIO(visited.screenshot(full_page=True))).convert("RGB")).astype(int)
    found = []
    for cell in visited.locator(selector).all():
        box = cell.bounding_box()
        left, top = int(np.ceil(box["x"] * scale)), int(np.ceil(box["y"] * scale))
        right, bottom = int((box["x"] + box["width"]) * scale), int((box["y"] + box["height"]) * scale)
        found.append(picture[top + 1 : bottom - 1, left + 1 : right - 1])
    context.close()
    return found


@pytest.mark.parametrize("scale", [1, 1.5, 3])
def test_patches_have_no_colours_of_their_neighbours(browser: Browser, tmp_path: Path, scale: float) -> None:
    sprite, data = photo_sprite([Image.new("RGB", (50, 50), colour(n)) for n in range(COUNT)], CELL, COLUMNS)
    (tmp_path / "sprite.webp").write_bytes(data)
    cells, rules, expected = [], "body, main { margin: 0; padding: 0; } .cell { border-radius: 0; }", []
    for row, size in enumerate(SIZES):
        rules += f".s{row} {{ position: absolute; width: {size}px; height: {size}px; top: {7.3 + 180 * row}px; }}"
        for number in range(0, COUNT, 3):
            left = 5.4 + number * 60
            rules += f".l{number} {{ left: {left}px; }}"
            kind = place(COLUMNS, number % COLUMNS, number // COLUMNS)
            image = f'<img class="{kind}" src="sprite.webp" width="{sprite.width}" height="{sprite.height}">'
            cells.append(f'<a class="cell s{row} l{number}">{image}</a>')
            expected.append(colour(number))
    pictures = shown(browser, page(tmp_path, cells, rules), scale, ".cell")
    for pixels, wanted in zip(pictures, expected, strict=True):
        assert pixels.size and np.abs(pixels - wanted).max() <= NEAR


@pytest.mark.parametrize("scale", [1, 2.5])
def test_rows_of_cards_have_no_colours_of_other_rows(browser: Browser, tmp_path: Path, scale: float) -> None:
    sprites = []
    for row in range(3):
        pictures = [Image.new("RGB", (50, 50), COLOURS[row]) for _ in range(CARD_PATCHES)]
        sprite, data = photo_sprite(pictures, CELL, COLUMNS)
        sprites.append((data, Grid(sprite.cell, sprite.columns, sprite.count)))
    made, written = derive_overlays(sprites, [])
    (cards,) = made.cards
    (tmp_path / "cards.webp").write_bytes(written[cards.path])
    rules, rows, expected = (
        "body, main { margin: 0; padding: 0; } .one img { position: absolute; max-width: none; }",
        [],
        [],
    )
    for number, width in enumerate((143.7, 187, 216.5)):
        for row in range(3):
            left, top = 9.3 + 240 * row, 11.6 + 120 * number
            rules += f".p{number}{row} {{ position: absolute; overflow: hidden; width: {width}px; left: {left}px;"
            rules += (
                f" top: {top}px; aspect-ratio: 4; }} .p{number}{row} img {{ position: absolute; max-width: none; }}"
            )
            image = f'<img class="{card_place(row)}" src="cards.webp" width="{cards.width}" height="{cards.height}">'
            rows.append(f'<span class="one p{number}{row}">{image}</span>')
            expected.append(COLOURS[row])
    for pixels, wanted in zip(shown(browser, page(tmp_path, rows, rules), scale, ".one"), expected, strict=True):
        assert pixels.size and np.abs(pixels - wanted).max() <= NEAR
