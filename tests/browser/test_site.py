"""The sample site in a real browser, opened from disk and from a server under a sub-path."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sample_site import Sample
from sample_store import ARABIC_NAME, SCRIPT_NAME, WIDE_LAYER, WIDE_UNITS
from sample_studies import STUDIED

from atlas.site.drawings.sheets import HIDDEN
from atlas.site.pictures.overlays import CARD_CELL, card_top

expect.set_options(timeout=30_000)  # for a busy machine: nothing here depends on how long it takes
PHONE, DESK = (390, 844), (1440, 900)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def served(sample: Sample) -> Iterator[str]:
    """Address of the sample site under a path, as GitHub serves a project's pages."""
    handler = partial(Quiet, directory=str(sample.site.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{sample.site.name}/"
        server.shutdown()
        thread.join()


@dataclass
class Visit:
    """One page of a browser, at the root of the site, and all that it asked for and complained about."""

    page: Page
    root: str
    first: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        self.page.goto(self.root + address)

    def complain(self, text: str, address: str) -> None:
        """Note an error, but not that a server has no icon for a bare JSON file, which browsers ask for."""
        if not address.endswith("/favicon.ico"):
            self.complaints.append(f"{address}: {text}")

    def pictures(self) -> list[str]:
        """Return the files of all pictures asked for so far."""
        return [address.removeprefix(self.root) for address in self.requests if address.endswith(".webp")]


def visit(context: BrowserContext, root: str, sample: Sample) -> Visit:
    made = Visit(context.new_page(), root, sample.first)
    made.page.set_default_timeout(30_000)
    made.page.on("request", lambda request: made.requests.append(request.url))
    made.page.on("console", lambda message: made.complain(message.text, message.location["url"]))
    made.page.on("pageerror", lambda error: made.complain(str(error), made.page.url))
    return made


@pytest.fixture(params=["file", "http"])
def site(request: pytest.FixtureRequest, browser: Browser, served: str, sample: Sample) -> Iterator[Visit]:
    """A visit that must end without a complaint and without a request that left the site."""
    root = sample.site.as_uri() + "/" if request.param == "file" else served
    context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]}, color_scheme="light")
    made = visit(context, root, sample)
    yield made
    context.close()
    assert made.complaints == []
    assert [address for address in made.requests if not address.startswith(root)] == []


@pytest.fixture
def on_disk(browser: Browser, sample: Sample) -> Iterator[Visit]:
    """As ``site``, from disk only, for what cannot depend on where pages come from."""
    context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]}, color_scheme="light")
    made = visit(context, sample.site.as_uri() + "/", sample)
    yield made
    context.close()
    assert made.complaints == []
    assert [address for address in made.requests if not address.startswith(made.root)] == []


def test_from_home_to_a_class_a_unit_and_its_json(site: Visit) -> None:
    page = site.page
    site.open("index.html")
    page.locator(f'.entries a[href="{site.first}/index.html"]').click()
    page.get_by_role("link", name="All classes").click()
    page.locator(".grid a", has_text="goldfish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("goldfish")
    assert page.locator(".hero img:visible").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    page.locator(".crumbs a").first.click()
    page.locator(".rows a", has_text=WIDE_LAYER).click()
    page.locator(".pages a", has_text="2").click()
    page.locator(".grid a").nth(4).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("unit 40")
    page.get_by_role("link", name="JSON", exact=True).click()
    page.wait_for_url("**/40.json")
    document = json.loads(page.locator("body").inner_text())
    assert (document["kind"], document["data"]["index"]) == ("unit", 40)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("flamnigo", "c/0.html"),
        ("carasius", "c/1.html"),
        ("penguin king", "c/7.html"),
        (ARABIC_NAME[:4], "c/5.html"),
        (SCRIPT_NAME, "c/2.html"),
        ("adversarial", "adversarial/index.html"),
        ("onerror", f"p/{STUDIED[:12]}.html"),
        (f"{WIDE_LAYER} 17", f"l/{WIDE_LAYER}/17.html"),
        ("concept 3 of flamingo", "c/0/3.html"),
        ("flamngo 3", "c/0/3.html"),
        ("concept expresso", "c/9/1.html"),
        ("unit 111", f"l/{WIDE_LAYER}/111.html"),
        ("dead", "dead/index.html"),
        ("failed units", "failed/index.html"),
        ("maco", "methods/maco.html"),
        ("fuorier", "methods/fourier.html"),
        ("vit_inversion", "methods/vit_inversion.html"),
        ("layers", "layers/index.html"),
    ],
)
def test_search_forgives_typos_and_finds_classes_synonyms_and_units(on_disk: Visit, typed: str, found: str) -> None:
    on_disk.open("index.html")
    on_disk.page.keyboard.press("/")
    on_disk.page.keyboard.type(typed)
    options = on_disk.page.get_by_role("option")
    expect(options.first).to_be_visible()
    links = options.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert any(link.endswith(found) for link in links[:3])
    assert options.locator("a, button, [tabindex]").count() == 0  # an option holds nothing that acts by itself


@pytest.mark.parametrize(
    ("typed", "found"), [("n02007558", ["c/0.html"]), ("N01443537", ["c/1.html"]), ("n09999999", [])]
)
def test_a_wordnet_id_finds_its_class_and_no_other(on_disk: Visit, typed: str, found: list[str]) -> None:
    on_disk.open("index.html")
    on_disk.page.get_by_role("combobox").fill(typed)
    expect(on_disk.page.locator("#found li").first).to_be_visible()
    links = on_disk.page.locator("#found a").evaluate_all("all => all.map(it => it.getAttribute('href'))")
    own = [link for link in links if f"{on_disk.first}/" in link]
    assert len(own) == len(found) and all(link.endswith(end) for link, end in zip(own, found, strict=True))


def test_search_is_loaded_when_wanted_and_followed_by_keyboard(site: Visit) -> None:
    site.open(f"{site.first}/c/3.html")
    assert not [address for address in site.requests if address.endswith("search.js")]
    site.page.keyboard.press("/")
    site.page.keyboard.type("goldfihs")
    expect(site.page.get_by_role("option").first).to_be_visible()
    site.page.keyboard.press("ArrowDown")
    site.page.keyboard.press("Enter")
    site.page.wait_for_url("**/c/1.html")


def test_search_says_when_there_is_nothing(on_disk: Visit) -> None:
    on_disk.open("index.html")
    on_disk.page.get_by_role("combobox").fill("zzzzzzzzzz")
    expect(on_disk.page.locator("#found")).to_contain_text("Nothing like that")


def test_search_names_the_chosen_option_as_long_as_there_is_one(on_disk: Visit) -> None:
    on_disk.open("index.html")
    search = on_disk.page.get_by_role("combobox")
    search.fill("flamingo")
    expect(on_disk.page.get_by_role("option").first).to_be_visible()
    on_disk.page.keyboard.press("ArrowDown")
    expect(search).to_have_attribute("aria-activedescendant", "found-0")
    on_disk.page.keyboard.type("zzzzzz")
    expect(on_disk.page.locator("#found")).to_contain_text("Nothing like that")
    assert search.get_attribute("aria-activedescendant") is None


def test_the_view_stays_in_the_address_and_goes_along(site: Visit) -> None:
    page = site.page
    site.open(f"{site.first}/classes/index.html")
    assert page.locator("html").get_attribute("data-view") == "masked"
    page.get_by_role("button", name="raw").click()
    assert page.url.endswith("?view=raw")
    page.locator(".grid a", has_text="goldfish").click()
    page.wait_for_url("**/c/1.html?view=raw")
    expect(page.locator(".hero img.r")).to_be_visible()
    expect(page.locator(".hero img.m")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("button", name="raw")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("v")
    assert "view" not in urlsplit(page.url).query
    page.locator(".pager a[rel=next]").click()
    page.wait_for_url("**/c/2.html")


@pytest.mark.parametrize(("query", "hidden"), [("", "r"), ("?view=raw", "m")])
def test_only_the_view_that_shows_is_fetched(on_disk: Visit, query: str, hidden: str) -> None:
    on_disk.open(f"{on_disk.first}/l/{WIDE_LAYER}/index.html{query}")
    on_disk.page.wait_for_load_state("networkidle")
    files = on_disk.page.locator(f".grid img.{hidden}").evaluate_all(
        "all => all.flatMap(image => image.srcset.split(/[ ,]+/))"
    )
    wanted = {Path(name).name for name in files if name.endswith(".webp")}
    fetched = {Path(name).name for name in on_disk.pictures()}
    assert len(fetched) > 20 and not fetched & wanted


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_a_first_view_keeps_its_budget(browser: Browser, served: str, sample: Sample, size: tuple[int, int]) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, device_scale_factor=3)
    addresses = ("index.html", f"{sample.first}/l/{WIDE_LAYER}/index.html", f"{sample.first}/c/0.html")
    addresses += (f"{sample.first}/c/0/1.html", f"{sample.first}/l/{WIDE_LAYER}/17.html", photo_page(sample))
    addresses += (f"{sample.first}/adversarial/index.html", "compare/index.html")
    for address in addresses:
        made = visit(context, served, sample)
        sizes: list[int] = []
        made.page.on("response", lambda response, sizes=sizes: sizes.append(len(response.body())))
        made.open(address)
        made.page.wait_for_load_state("networkidle")
        assert len(made.requests) <= 40, address
        assert 0 < sum(sizes) <= 600_000, address
        made.page.close()
    context.close()


def photo_page(sample: Sample) -> str:
    """Return the address of the photo of which most was made."""
    return f"{sample.first}/p/{STUDIED[:12]}.html"


def background(page: Page) -> int:
    """Return how light the page's background is, 0 to 765."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))


def test_dark_and_light_follow_the_system_until_switched(site: Visit) -> None:
    page = site.page
    site.open("index.html")
    assert background(page) > 650
    page.emulate_media(color_scheme="dark")
    assert background(page) < 120
    page.get_by_role("button", name="Dark colours").click()
    assert background(page) > 650
    page.locator(".band a").first.click()
    page.wait_for_url("**/c/*.html")
    assert background(page) > 650


def test_no_storage_is_no_hindrance(on_disk: Visit) -> None:
    on_disk.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    on_disk.open("index.html")
    on_disk.page.get_by_role("button", name="Dark colours").click()
    assert background(on_disk.page) < 120


def test_the_keyboard_reaches_everything(site: Visit) -> None:
    page = site.page
    site.open(f"{site.first}/c/3.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/c/4.html")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/c/3.html")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("a random picture")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    before = page.url
    page.keyboard.press("r")
    page.wait_for_url(lambda address: address != before)
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_lightbox_shows_the_whole_picture_and_gives_focus_back(on_disk: Visit) -> None:
    page = on_disk.page
    on_disk.open(f"{on_disk.first}/c/0.html")
    masked = page.locator(".hero a.zoom").get_attribute("data-masked")
    page.locator(".hero a.zoom").focus()
    page.keyboard.press("Enter")
    shown = page.locator("dialog.lightbox img")
    expect(shown).to_have_attribute("src", str(masked))
    page.get_by_role("button", name="Show the whole picture").click()
    expect(shown).to_have_attribute("src", str(page.locator(".hero a.zoom").get_attribute("href")))
    page.keyboard.press("ArrowRight")
    expect(page.locator("dialog.lightbox p")).to_contain_text("MACO")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.matches('.hero a.zoom')")
    page.get_by_role("link", name="whole picture").click()
    expect(shown).to_have_attribute("src", str(page.locator(".hero a.zoom").get_attribute("href")))
    page.get_by_role("button", name="Go to this picture's recipe").click()
    expect(page.locator(".recipe.lit details")).to_have_attribute("open", "")


def test_sorting_covers_all_pages_and_stays_in_the_address(site: Visit) -> None:
    page = site.page
    site.open(f"{site.first}/l/{WIDE_LAYER}/index.html")
    page.get_by_role("button", name="activation reached").click()
    page.wait_for_url("**sort=value*")
    expect(page.locator(".grid[aria-busy=true]")).to_have_count(
        0
    )  # the page's own summary says the same before the list is drawn
    told = "110 rendered · 1 dead · 1 failed of 112 channels · page"
    expect(page.locator("[data-summary]")).to_have_text(f"{told} 1 of 4")
    values = page.locator(".grid .num").all_inner_texts()
    page.locator(".pages a", has_text="4").click()
    expect(page.locator("[data-summary]")).to_contain_text("page 4 of 4")
    assert "page=4" in page.url
    last = page.locator(".grid .num").all_inner_texts()
    numbers = [float(text) for text in values + [text for text in last if text]]
    assert numbers == sorted(numbers, reverse=True)
    assert page.locator(".grid li").count() == WIDE_UNITS - 3 * 36
    page.reload()
    expect(page.locator("[data-summary]")).to_contain_text("page 4 of 4")
    page.get_by_role("button", name="index").click()
    page.wait_for_url("**/page-4.html")
    expect(page.locator(".grid .name").first).to_have_text("108")
    page.get_by_role("button", name="top class").click()
    expect(page.locator("[data-summary]")).to_have_text(f"{told} 4 of 4")
    expect(page.locator(".pages [aria-current]")).to_have_text("4")


def test_a_page_chosen_before_the_sorted_list_is_there_is_a_page_of_that_list(
    browser: Browser, served: str, sample: Sample
) -> None:
    context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})
    page = context.new_page()
    held: list[Route] = []
    page.route("**/grid.js", lambda route: held.append(route))
    page.goto(f"{served}{sample.first}/l/{WIDE_LAYER}/index.html")
    with page.expect_request("**/grid.js"):
        page.get_by_role("button", name="activation reached").click()
    page.locator(".pages a", has_text="4").click()
    assert "sort=value" in page.url and "page=4" in page.url
    held[0].continue_()
    expect(page.locator(".pages [aria-current]")).to_have_text("4")
    expect(page.locator("[data-summary]")).to_contain_text("page 4 of 4")
    assert page.locator(".grid li").count() == WIDE_UNITS - 3 * 36
    context.close()


def test_a_list_whose_data_is_missing_says_so_and_stays(browser: Browser, served: str, sample: Sample) -> None:
    context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})
    page = context.new_page()
    page.route("**/grid.js", lambda route: route.abort())
    page.goto(f"{served}{sample.first}/l/{WIDE_LAYER}/index.html")
    page.get_by_role("button", name="activation reached").click()
    expect(page.get_by_text("The list could not be loaded.")).to_be_visible()
    assert page.locator(".grid li").count() == 36
    page.locator(".pages a", has_text="2").click()
    page.wait_for_url("**/page-2.html*")
    context.close()


def test_a_long_sorted_list_has_the_pager_of_the_page_itself(on_disk: Visit) -> None:
    layout = "all => all.map(entry => [entry.textContent, entry.className, entry.getAttribute('aria-current')])"
    on_disk.open(f"{on_disk.first}/l/{WIDE_LAYER}/page-2.html")
    entries = on_disk.page.locator(".pages > *")
    plain = entries.evaluate_all(layout)
    on_disk.page.get_by_role("button", name="activation reached").click()
    on_disk.page.wait_for_url("**sort=value*")
    expect(on_disk.page.locator(".grid[aria-busy=true]")).to_have_count(0)
    expect(on_disk.page.locator("[data-summary]")).to_contain_text("page 2 of 4")
    assert entries.evaluate_all(layout) == plain


def test_single_keys_can_be_switched_off_and_stay_off(site: Visit) -> None:
    page = site.page
    site.open(f"{site.first}/c/1.html")
    page.keyboard.press("?")
    switch = page.get_by_role("checkbox", name="Use these keys")
    expect(switch).to_be_checked()
    switch.uncheck()
    page.keyboard.press("Escape")
    for _ in range(2):
        for key in ("/", "?", "v", "r", "ArrowRight"):
            page.keyboard.press(key)
        assert page.url.endswith("/c/1.html")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert page.evaluate("document.activeElement.id") != "find"
        page.reload()
    page.get_by_role("button", name="Keyboard").click()
    expect(switch).not_to_be_checked()
    switch.check()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/c/2.html")


def test_bibtex_is_copied_with_the_readers_own_day(site: Visit) -> None:
    site.page.clock.set_fixed_time("2031-02-03T12:00:00")
    site.open(f"{site.first}/c/1.html")
    site.page.get_by_text("BibTeX", exact=True).click()
    expect(site.page.locator("[data-bibtex]")).to_contain_text("urldate = {2031-02-03},")
    expect(site.page.locator("[data-bibtex]")).to_contain_text("methods: MACO")


def test_print_keeps_address_licence_and_citation(on_disk: Visit) -> None:
    on_disk.open(f"{on_disk.first}/c/1.html")
    on_disk.page.emulate_media(media="print")
    foot = on_disk.page.locator("footer")
    for words in ("licence not stated", "address not stated", "Cite as: Author not stated (2026). goldfish (class 1)"):
        expect(foot.get_by_text(words).first).to_be_visible()
    expect(on_disk.page.locator(".site-nav")).to_be_hidden()


def test_what_was_read_in_the_dark_is_printed_dark_on_light(on_disk: Visit, sample: Sample) -> None:
    page = on_disk.page
    on_disk.open(photo_page(sample))
    page.get_by_role("button", name="Dark colours").click()
    for scheme in ("light", "dark"):
        page.emulate_media(media="print", color_scheme=scheme)
        assert background(page) > 650
        expect(page.locator(".plot.by-day").first).to_be_visible()
        expect(page.locator(".plot.by-night").first).to_be_hidden()


def test_the_hint_of_the_search_key_gives_way_to_what_is_typed(on_disk: Visit) -> None:
    page = on_disk.page
    on_disk.open("index.html")
    hint = page.locator(".find kbd")
    expect(hint).to_be_visible()
    page.keyboard.press("/")
    expect(hint).to_be_hidden()
    page.keyboard.type("flam")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#find")).not_to_be_focused()
    expect(hint).to_be_hidden()


def test_the_navigation_works_on_a_phone_without_scripts(browser: Browser, sample: Sample) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": PHONE[0], "height": PHONE[1]})
    page = visit(context, sample.site.as_uri() + "/", sample).page
    page.goto(f"{sample.site.as_uri()}/{sample.first}/index.html")
    for name in ("Layers", "Concepts", "Methods", "Compare"):
        page.get_by_role("button", name="Menu").click()
        page.locator(".site-nav").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
    context.close()


def test_classes_are_filtered_over_all_pages(on_disk: Visit) -> None:
    on_disk.open(f"{on_disk.first}/classes/index.html")
    on_disk.page.get_by_label("Show only classes that match").fill("zzzz")
    summary = on_disk.page.get_by_role("main").get_by_role("status")
    expect(summary).to_have_text("None of the 40 listed here match")
    on_disk.page.get_by_label("Show only classes that match").fill("clas name 39")
    expect(on_disk.page.locator(".grid li")).to_have_count(1)
    expect(on_disk.page.locator(".grid .name")).to_have_text("class name 39")
    assert "q=clas" in on_disk.page.url
    expect(summary).to_have_text("1 of the 40 listed here matches")
    on_disk.page.locator(".grid a").click()
    on_disk.page.wait_for_url("**/c/39.html")


def test_nothing_overflows_at_any_width(browser: Browser, sample: Sample) -> None:
    layer = f"{sample.first}/l/{WIDE_LAYER}"
    addresses = ["index.html", "404.html", "methods/maco.html", f"{sample.first}/index.html", f"{layer}/index.html"]
    addresses += [f"{sample.first}/classes/index.html", f"{layer}/11.html", f"{layer}/17.html"]
    addresses += [f"{sample.first}/c/{index}.html" for index in (0, 2, 3, 4, 5, 9, 11)]
    addresses += [f"{sample.first}/c/{place}.html" for place in ("0/1", "2/3", "9/7")]
    addresses += [path.relative_to(sample.site).as_posix() for path in sample.site.glob("photos/*/*.html")]
    addresses += [
        path.relative_to(sample.site).as_posix() for path in (sample.site / sample.first / "p").glob("*.html")
    ]
    addresses += [f"{sample.first}/{name}/index.html" for name in ("inversions", "adversarial")]
    addresses += [path.relative_to(sample.site).as_posix() for path in sample.site.glob("compare/**/index.html")]
    context = browser.new_context()
    made = visit(context, sample.site.as_uri() + "/", sample)
    for width, height in (PHONE, DESK):
        made.page.set_viewport_size({"width": width, "height": height})
        for address in addresses:
            made.open(address)
            wide = made.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (address, width)
    assert made.complaints == []
    context.close()


def test_without_scripts_everything_can_be_read(browser: Browser, sample: Sample) -> None:
    context = browser.new_context(java_script_enabled=False)
    made = visit(context, sample.site.as_uri() + "/", sample)
    made.open(f"{sample.first}/l/{WIDE_LAYER}/index.html")
    expect(made.page.get_by_role("combobox")).to_have_count(0)
    made.page.locator(".pages a", has_text="3").click()
    made.page.locator(".grid a").first.click()
    expect(made.page.get_by_role("heading", level=1)).to_have_text("unit 72")
    expect(made.page.locator(".hero img.m")).to_be_visible()
    made.page.get_by_text("Everything that decides this picture").click()
    expect(made.page.locator(".recipe dl")).to_be_visible()
    context.close()


def test_a_hostile_name_runs_nothing(on_disk: Visit) -> None:
    on_disk.page.on("dialog", lambda dialog: on_disk.complaints.append(f"dialog: {dialog.message}"))
    on_disk.open(f"{on_disk.first}/c/2.html")
    expect(on_disk.page.get_by_role("heading", level=1)).to_have_text(SCRIPT_NAME)
    on_disk.page.locator(".hero a.zoom").click()
    expect(on_disk.page.locator("dialog.lightbox p")).to_contain_text(SCRIPT_NAME)


# --- concepts --------------------------------------------------------------------------------------------------------


def test_from_the_bar_to_a_concept_and_on_with_the_arrows(site: Visit) -> None:
    page = site.page
    site.open(f"{site.first}/c/0.html")
    page.locator(".importance-bar a").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#concept-2")
    page.locator("#concept-2 h3 a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Concept 2 of flamingo")
    page.wait_for_load_state()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/c/0/3.html")
    expect(page.locator(".text .mark-unstable")).to_be_visible()
    page.locator(".near a").first.click()
    page.wait_for_url(lambda address: "/c/0/" not in address)
    page.locator(".crumbs a").nth(1).click()
    expect(page.locator("h2", has_text="What drives this logit")).to_be_visible()


def heat_of(page: Page) -> float:
    return float(page.locator(".heat").first.evaluate("image => getComputedStyle(image).opacity"))


def test_one_slider_fades_every_heat_map_and_stays_in_the_address(site: Visit) -> None:
    page = site.page
    site.open(f"{site.first}/c/0/1.html")
    slider = page.get_by_label("Opacity of the heat maps")
    assert heat_of(page) == pytest.approx(0.7) and slider.input_value() == "70"
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert heat_of(page) == pytest.approx(0.6)
    assert "heat=60" in page.url
    page.keyboard.press("Home")
    assert heat_of(page) == 0
    page.keyboard.press("End")
    assert set(page.locator(".heat").evaluate_all("all => all.map(image => getComputedStyle(image).opacity)")) == {"1"}
    page.locator(".pager a[rel=next]").click()
    page.wait_for_url("**/c/0/2.html?heat=100")
    assert heat_of(page) == 1 and page.get_by_label("Opacity of the heat maps").input_value() == "100"
    page.reload()
    assert heat_of(page) == 1


@pytest.mark.parametrize("query", ["?heat=nonsense", "?heat=-3", "?heat=400", "?heat="])
def test_a_heat_that_cannot_be_is_ignored(on_disk: Visit, query: str) -> None:
    on_disk.open(f"{on_disk.first}/c/0/1.html{query}")
    assert heat_of(on_disk.page) == pytest.approx(0.7)


SHOWN_PART = """(cell) => {
  const image = cell.querySelector("img"), box = cell.getBoundingClientRect(), place = image.getBoundingClientRect();
  const scale = image.naturalWidth / place.width;
  return [(box.left - place.left) * scale, (box.top - place.top) * scale, box.width * scale, box.height * scale];
}"""


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_cells_show_their_own_part_of_the_sprite(on_disk: Visit, size: tuple[int, int]) -> None:
    page = on_disk.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    on_disk.open(f"{on_disk.first}/c/0/1.html")
    for selector, columns, side in ((".patches .cell", 4, 56), (".cells.large .cell", 3, 112)):
        page.locator(selector).last.scroll_into_view_if_needed()
        page.locator(f"{selector} img").last.evaluate("image => image.decode()")
        for place, cell in enumerate(page.locator(selector).all()):
            left, top, width, height = cell.evaluate(SHOWN_PART)
            assert left == pytest.approx((place % columns + HIDDEN) * side, abs=1)
            assert top == pytest.approx((place // columns + HIDDEN) * side, abs=1)
            assert (width, height) == pytest.approx(((1 - 2 * HIDDEN) * side, (1 - 2 * HIDDEN) * side), abs=1)


def test_cards_show_their_own_row_of_patches(on_disk: Visit) -> None:
    on_disk.open(f"{on_disk.first}/c/0.html")
    rows = on_disk.page.locator(".card .card-patches")
    rows.last.scroll_into_view_if_needed()
    rows.last.locator("img").evaluate("image => image.decode()")
    tops = [row.evaluate(SHOWN_PART)[1] for row in rows.all()]
    assert tops == pytest.approx([CARD_CELL * card_top(place) for place in range(10)], abs=1.5)


def test_units_are_sorted_by_selectivity(on_disk: Visit) -> None:
    on_disk.open(f"{on_disk.first}/l/{WIDE_LAYER}/index.html")
    on_disk.page.get_by_role("button", name="selectivity").click()
    on_disk.page.wait_for_url("**sort=selective*")
    expect(on_disk.page.locator("[data-summary]")).to_contain_text("of 112 channels")
    values = [float(text) for text in on_disk.page.locator(".grid .num").all_inner_texts() if text]
    assert len(values) == 36 and values == sorted(values, reverse=True)


def test_concepts_can_be_read_without_scripts(browser: Browser, sample: Sample) -> None:
    context = browser.new_context(java_script_enabled=False)
    made = visit(context, sample.site.as_uri() + "/", sample)
    made.open(f"{sample.first}/c/0.html")
    made.page.locator(".card details summary").first.click()
    expect(made.page.locator(".card details p").first).to_be_visible()
    made.page.locator("#concept-1 h3 a").click()
    expect(made.page.get_by_role("slider")).to_have_count(0)
    expect(made.page.locator(".heat").first).to_have_css("opacity", "0.7")
    made.page.locator(".patches .cell").first.click()
    expect(made.page.get_by_role("heading", level=1)).to_have_text("snapshots <of> 2026")
    context.close()


def test_hostile_photos_run_nothing(on_disk: Visit) -> None:
    on_disk.page.on("dialog", lambda dialog: on_disk.complaints.append(f"dialog: {dialog.message}"))
    on_disk.open(f"{on_disk.first}/c/2/1.html")
    on_disk.page.locator(".credits a").first.click()
    expect(on_disk.page.locator(".notes")).to_contain_text("alert(4)")


# --- photos and comparisons ------------------------------------------------------------------------------------------


def test_a_photos_page_shows_whole_pictures_until_masks_are_asked_for(site: Visit, sample: Sample) -> None:
    page = site.page
    site.open(f"{site.first}/index.html")
    page.locator("#photos ~ .grid a").first.click()
    page.wait_for_url(f"**/{photo_page(sample)}")
    expect(page.get_by_role("button", name="raw")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".film .zoom img.r").first).to_be_visible()
    expect(page.locator(".film .zoom img.m").first).to_be_hidden()
    page.get_by_role("button", name="masked").click()
    expect(page.locator(".film .zoom img.m").first).to_be_visible()
    assert urlsplit(page.url).query == "view=masked"
    page.reload()
    expect(page.locator(".film .zoom img.m").first).to_be_visible()
    page.locator(".crumbs a").first.click()
    page.wait_for_url("**/index.html*")
    assert page.locator(".grid img.m").first.is_visible()


def test_the_lightbox_of_a_strip_leads_to_its_row(on_disk: Visit, sample: Sample) -> None:
    page = on_disk.page
    on_disk.open(photo_page(sample))
    link = page.locator(".film .zoom").first
    link.click()
    expect(page.locator("dialog.lightbox img")).to_have_attribute("src", str(link.get_attribute("href")))
    page.get_by_role("button", name="Go to this picture's recipe").click()
    expect(page.locator("tr.lit")).to_be_visible()
    assert page.locator("tr.lit").get_attribute("id") == link.get_attribute("data-recipe")


def test_the_plot_follows_the_theme_and_the_other_is_not_fetched(on_disk: Visit, sample: Sample) -> None:
    page = on_disk.page
    on_disk.open(photo_page(sample))
    page.locator(".plots").scroll_into_view_if_needed()
    expect(page.locator(".plot.by-day").first).to_be_visible()
    page.locator(".plot.by-day").first.evaluate("image => image.decode()")
    assert page.locator(".plot.by-night").first.evaluate("image => image.naturalWidth") == 0
    page.get_by_role("button", name="Dark colours").click()
    expect(page.locator(".plot.by-night").first).to_be_visible()
    expect(page.locator(".plot.by-day").first).to_be_hidden()


def test_any_columns_are_compared_and_stay_in_the_address(site: Visit) -> None:
    page = site.page
    site.open("index.html")
    page.get_by_role("link", name="Compare methods and models side by side").click()
    boxes = page.locator(".choices input")
    for place in (1, 2):
        boxes.nth(place).check()
    expect(page.locator(".chooser tbody tr")).to_have_count(18)
    assert page.locator(".chooser thead th").count() == 3
    page.locator(".chooser .pages a", has_text="2").click()
    page.wait_for_url("**page=2*")
    first = page.locator(".chooser tbody th").first.inner_text()
    page.reload()
    expect(page.locator(".chooser tbody th").first).to_have_text(first)
    assert [boxes.nth(place).is_checked() for place in range(3)] == [False, True, True]
    for place in (0, 3):
        boxes.nth(place).check()
    expect(page.locator(".chooser thead th")).to_have_count(5)
    expect(boxes.nth(4)).to_be_disabled()
    page.locator(".chooser tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.go_back()
    expect(page.locator(".chooser thead th")).to_have_count(5)


@pytest.mark.parametrize("query", ["?show=nonsense", "?show=,,,", "?show=<script>&page=-3", "?page=9"])
def test_columns_that_cannot_be_are_ignored(on_disk: Visit, query: str) -> None:
    on_disk.open(f"compare/index.html{query}")
    expect(on_disk.page.locator("[data-chosen]")).to_contain_text("Tick what you want")
    expect(on_disk.page.locator(".chooser table")).to_have_count(0)


def test_photos_and_comparisons_can_be_read_without_scripts(browser: Browser, sample: Sample) -> None:
    context = browser.new_context(java_script_enabled=False)
    made = visit(context, sample.site.as_uri() + "/", sample)
    made.open(photo_page(sample))
    expect(made.page.locator(".film .zoom img.r").first).to_be_visible()
    made.page.get_by_text("All numbers, and how each was made").first.click()
    expect(made.page.locator(".film table").first).to_be_visible()
    made.page.get_by_text("The same numbers as a table").click()
    expect(made.page.locator(".plots + .sheet table")).to_be_visible()
    made.open("compare/index.html")
    expect(made.page.locator(".chooser")).to_be_hidden()
    made.page.locator(".entry h2 a").first.click()
    expect(made.page.locator("table.compare tbody tr").first).to_be_visible()
    context.close()


def test_hostile_names_of_photos_and_columns_run_nothing(on_disk: Visit, sample: Sample) -> None:
    on_disk.page.on("dialog", lambda dialog: on_disk.complaints.append(f"dialog: {dialog.message}"))
    on_disk.open(photo_page(sample))
    on_disk.page.locator(".film .zoom").first.click()
    expect(on_disk.page.locator("dialog.lightbox p")).to_contain_text("onerror=alert(2)")
    on_disk.open("compare/index.html")
    for place in (1, 3):
        on_disk.page.locator(".choices input").nth(place).check()
    expect(on_disk.page.locator(".chooser tbody th", has_text=SCRIPT_NAME)).to_have_count(1)
