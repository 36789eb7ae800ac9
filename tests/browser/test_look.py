"""How pages look: sharp pictures, controls that can be reached and read, at every width and in both colours."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest
from deep_site import make_deep_site, make_sharp_site
from page_faults import faults, unreachable
from playwright.sync_api import Browser, Page, expect
from sample_site import Sample
from sample_store import DEAD_CLASS, DEAD_UNIT, FAILED_UNIT, RICH_UNIT, WIDE_LAYER

expect.set_options(timeout=30_000)
Scheme = Literal["light", "dark"]
SCREENS: list[tuple[int, int, float, Scheme]] = [
    (320, 568, 2, "light"),
    (390, 844, 3, "dark"),
    (768, 1024, 1, "light"),
    (1440, 900, 1, "dark"),
    (1440, 900, 2, "light"),
]
"""Width, height, device pixels per CSS pixel, and colours."""

COMPONENTS = ("lightbox", "help", "importance-bar", "histogram", "trace", "find", "site-nav", "cards", "ranking")


@pytest.fixture(scope="session")
def deep(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return make_deep_site(tmp_path_factory.mktemp("deep"))


@pytest.fixture(scope="session")
def sharp(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return make_sharp_site(tmp_path_factory.mktemp("sharp"))


def pages_of_all_kinds(sample: Sample) -> list[str]:
    """Return the first page of every kind."""
    kinds: dict[str, str] = {}
    for page in json.loads((sample.site / "manifest.json").read_text())["pages"]:
        kinds.setdefault(page["kind"], page["href"])
    return list(kinds.values())


def opened(browser: Browser, screen: tuple[int, int, float, Scheme]) -> Page:
    width, height, density, scheme = screen
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=density,
        color_scheme=scheme,
        reduced_motion="reduce",  # or colours would be read while they change
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    return page


def all_faults(page: Page, sample: Sample, addresses: list[str]) -> dict[str, list[str]]:
    found = {}
    for address in addresses:
        page.goto(f"{sample.site.as_uri()}/{address}")
        if wrong := faults(page):
            found[address] = wrong
    page.context.close()
    return found


@pytest.mark.parametrize("screen", SCREENS)
def test_every_kind_of_page_is_sound(browser: Browser, sample: Sample, screen: tuple[int, int, float, Scheme]) -> None:
    first, layer = sample.first, f"{sample.first}/l/{WIDE_LAYER}"
    addresses = [f"{first}/c/{index}.html" for index in (0, 2, 4, 5, 7, DEAD_CLASS, 9, 11)]
    addresses += [f"{layer}/{unit}.html" for unit in (DEAD_UNIT, FAILED_UNIT, RICH_UNIT)]
    addresses += [f"{first}/c/0/{number}.html" for number in (1, 5)]
    assert all_faults(opened(browser, screen), sample, [*pages_of_all_kinds(sample), *addresses]) == {}


@pytest.mark.parametrize("screen", [SCREENS[0], SCREENS[1], SCREENS[2]])
def test_a_model_of_266_layers_is_sound(browser: Browser, deep: Sample, screen: tuple[int, int, float, Scheme]) -> None:
    places = [path.relative_to(deep.site).as_posix() for path in sorted(deep.site.glob("m/*/l/*/index.html"))]
    assert len(places) == 265
    addresses = [*pages_of_all_kinds(deep), places[0], places[130], places[-1]]
    for address in addresses:
        assert (deep.site / address).stat().st_size <= 50_000, address
    assert all_faults(opened(browser, screen), deep, addresses) == {}


def test_the_strip_of_a_deep_model_begins_where_the_reader_is(browser: Browser, deep: Sample) -> None:
    page = opened(browser, SCREENS[1])
    page.goto(f"{deep.site.as_uri()}/{deep.first}/l/blocks.31.0.conv_pointwise/index.html")
    box = page.locator(".small-strip .here").bounding_box()
    assert box is not None and 0 <= box["x"] <= 390 - box["width"]
    page.context.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_large_masters_fill_their_places(
    browser: Browser, sharp: Sample, screen: tuple[int, int, float, Scheme]
) -> None:
    page = opened(browser, screen)
    for address in (f"{sharp.first}/c/0.html", f"{sharp.first}/c/2.html", f"{sharp.first}/l/blocks.1/1.html"):
        for view in ("masked", "raw"):
            page.goto(f"{sharp.site.as_uri()}/{address}?view={view}")
            assert faults(page) == []
            picture, plate = (
                page.locator(".hero img:visible").bounding_box(),
                page.locator(".hero .zoom").bounding_box(),
            )
            assert (
                picture is not None and plate is not None and picture["width"] == pytest.approx(plate["width"], abs=1)
            )
    page.locator(".hero .zoom").click()
    image = page.locator(".lightbox img")
    image.evaluate("image => image.decode()")
    expect(image).to_have_attribute("width", "768")
    page.context.close()


def test_a_dense_phone_keeps_the_budget_with_the_largest_masters(browser: Browser, sharp: Sample) -> None:
    for address in ("index.html", f"{sharp.first}/c/2.html"):
        page = opened(browser, SCREENS[1])
        sizes: list[int] = []
        page.on("response", lambda response, sizes=sizes: sizes.append(len(response.body())))
        page.goto(f"{sharp.site.as_uri()}/{address}")
        page.wait_for_load_state("networkidle")
        assert 0 < sum(sizes) <= 600_000
        page.context.close()


# --- dialogs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(320, 568), (390, 844), (844, 390), (768, 1024), (1440, 900)])
def test_every_control_of_every_dialog_can_be_used(browser: Browser, sample: Sample, size: tuple[int, int]) -> None:
    page = opened(browser, (*size, 1, "light"))
    for address in (f"{sample.first}/c/0.html", f"{sample.first}/c/4.html"):  # some pictures, and a very long name
        page.goto(f"{sample.site.as_uri()}/{address}")
        page.locator(".hero .zoom").click()
        assert unreachable(page, ".lightbox") == []
        page.keyboard.press("v")
        assert unreachable(page, ".lightbox") == []
        page.get_by_role("button", name="Close").click()
    page.keyboard.press("?")
    assert unreachable(page, ".help") == []
    page.locator(".help").get_by_role("button", name="Close").click()
    page.keyboard.press("/")
    page.keyboard.type("flam")
    expect(page.get_by_role("option").first).to_be_visible()
    assert unreachable(page, "#found") == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/0*.html")
    menu = page.get_by_role("button", name="Menu")
    if menu.is_visible():
        menu.click()
        assert unreachable(page, ".site-nav-list") == []
        page.locator(".site-nav-list a", has_text="Methods").click()
        page.wait_for_url("**/methods/index.html*")
    page.context.close()


@pytest.mark.parametrize("screen", [SCREENS[1], SCREENS[3]])
def test_a_chosen_comparison_is_sound(browser: Browser, sample: Sample, screen: tuple[int, int, float, Scheme]) -> None:
    page = opened(browser, screen)
    page.goto(f"{sample.site.as_uri()}/compare/index.html")
    for place in range(4):
        page.locator(".choices input").nth(place).check()
    expect(page.locator(".chooser thead th")).to_have_count(5)
    assert faults(page) == []
    page.context.close()


def test_every_stop_of_the_importance_bar_shows_its_focus(browser: Browser, sample: Sample) -> None:
    page = opened(browser, SCREENS[2])
    page.goto(f"{sample.site.as_uri()}/{sample.first}/c/0.html")
    links = page.locator(".importance-bar a")
    assert links.count() >= 5
    page.locator("#concepts").scroll_into_view_if_needed()
    page.keyboard.press("Tab")
    for link in links.all():
        link.focus()
        width, style = link.evaluate("it => [it.getBoundingClientRect().width, getComputedStyle(it).outlineStyle]")
        assert width >= 2 and style == "solid"
    page.context.close()


def test_components_share_no_names_in_the_stylesheet(browser: Browser, sample: Sample) -> None:
    page = opened(browser, SCREENS[4])
    page.goto(f"{sample.site.as_uri()}/{sample.first}/c/0.html")
    inside = page.evaluate(
        """(tops) => tops.map((top) => [
          top, [...document.querySelectorAll(`${top}, ${top} *`)].flatMap((it) => [...it.classList])])""",
        [f".{name}" for name in COMPONENTS],
    )
    parts = {"chip", "num", "small", "away", "scripted"}  # small parts that are meant to look alike everywhere
    owner: dict[str, str] = {}
    for component, names in inside:
        assert names, component
        for name in set(names) - parts:
            assert owner.setdefault(name, component) == component, name
    page.context.close()


# --- the page for lost readers ---------------------------------------------------------------------------------------


class AsAHost(SimpleHTTPRequestHandler):
    """A folder ``atlas`` below the root, whose 404.html answers for all that is missing, as GitHub's pages do."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        folder = Path(self.directory)
        content = next(
            page for page in (folder / "404.html", folder / "atlas" / "404.html") if page.is_file()
        ).read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(params=["", "atlas/"])
def host(request: pytest.FixtureRequest, sample: Sample, tmp_path: Path) -> Iterator[str]:
    """Address of the sample site at a domain's root, and under a path."""
    if request.param:
        (tmp_path / "atlas").symlink_to(sample.site)
    folder = tmp_path if request.param else sample.site
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(AsAHost, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{request.param}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("missing", ["missing.html", "m/none/c/", "a/b/c/d.html?x=1"])
def test_the_page_for_lost_readers_has_its_style_and_leads_home_at_any_depth(
    browser: Browser, host: str, missing: str
) -> None:
    page = opened(browser, SCREENS[1])
    page.goto(host + missing)
    heading = page.get_by_role("heading", name="Nothing here")
    assert heading.evaluate("it => parseFloat(getComputedStyle(it).fontSize)") > 40
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 18, 16)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    link = page.get_by_role("link", name="Start at the home page")
    expect(link).to_have_attribute("href", f"/{host.split('/', 3)[3]}index.html")
    link.click()
    page.wait_for_url(f"{host}index.html")
    expect(page.locator(".entries").first).to_be_visible()
    page.context.close()
