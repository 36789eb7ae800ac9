"""Maps of pictures zoom with and without scripts, by keys alone; a mouse drags them and opens nothing by it."""

import pytest
from playwright.sync_api import Browser
from sample_site import Sample


def address(sample: Sample) -> str:
    (path,) = sample.site.glob("results/map-*.html")
    return path.as_uri()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_map_is_enlarged_by_keys_and_its_pictures_come_apart(browser: Browser, sample: Sample, scripts: bool) -> None:
    page = browser.new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 844}).new_page()
    page.goto(address(sample))
    plane, picture = page.locator(".map-plane"), page.locator(".map-picture .map-cell > svg").first
    before, cell = plane.bounding_box(), picture.bounding_box()
    page.locator("[name=map-zoom]").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    after, grown = plane.bounding_box(), picture.bounding_box()
    assert before and cell and after and grown
    assert after["width"] == pytest.approx(4 * before["width"], rel=0.02)
    assert 1 < grown["width"] / cell["width"] < 3
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") if scripts else True
    page.context.close()


def test_a_mouse_drags_a_map_from_its_middle_and_opens_nothing(browser: Browser, sample: Sample) -> None:
    page = browser.new_page()
    page.goto(address(sample))
    page.locator("[name=map-zoom]").nth(2).check()
    view = page.locator(".map-view")
    left = view.evaluate("view => [view.scrollLeft, (view.scrollWidth - view.clientWidth) / 2]")
    assert left[0] == pytest.approx(left[1], abs=2)
    view.scroll_into_view_if_needed()
    link = page.locator(".map-picture").first
    link.scroll_into_view_if_needed()
    box, before = link.bounding_box(), view.evaluate("view => view.scrollTop")
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - 60, steps=4)
    page.mouse.up()
    assert page.url == address(sample)
    assert view.evaluate("view => view.scrollTop") == pytest.approx(before + 60, abs=3)
    page.close()
