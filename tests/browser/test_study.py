"""The study of people in a real browser: from consent to the saved file, and from files to the table."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Download, Page, expect
from study_site import METHODS, build_study, make_study_store, study_of

from atlas.store import Store
from atlas.study.answers import count
from atlas.study.document import StudyDocument
from atlas.study.settings import StudySettings
from atlas.study.table import make_table

expect.set_options(timeout=30_000)
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
SETTINGS = StudySettings(title="Which is which?", consent="First.\n\nYou <b>agree</b>.", per_person=8)
PERSON = 7


@dataclass
class Studied:
    """A site with a study."""

    store: Store
    site: Path
    study: StudyDocument

    @property
    def address(self) -> str:
        return (self.site / "study" / "index.html").as_uri()


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Studied:
    folder = tmp_path_factory.mktemp("study")
    store = make_study_store(folder / "store")
    build_study(store, folder / "site", SETTINGS)
    return Studied(store, folder / "site", study_of(store))


@dataclass
class Person:
    """Someone at a browser, who answers as told."""

    page: Page
    study: StudyDocument
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def begin(self) -> None:
        self.page.get_by_label("I have read this").check()
        self.page.get_by_role("button", name="Begin").click()

    def skip_examples(self) -> None:
        while self.page.locator(".progress", has_text="Example").count():
            self.pass_example()

    def pass_example(self) -> None:
        self.page.locator("#cannot, input[type=radio]").first.click()
        if self.page.get_by_role("button", name="Next").count():
            self.page.get_by_role("button", name="Next").click()
        self.page.get_by_role("button", name="Go on").click()

    def answer(self, number: int, person: int = PERSON, catch: int = 0) -> None:
        """Answer question ``number``, from 0, rightly; ``catch`` is added to what the catch question asks for."""
        page, sheet = self.page, self.study.sheet(person)
        expect(page.get_by_text(f"Question {number + 1} of {len(sheet)}")).to_be_visible()
        trial = {each.id: each for each in self.study.trials}[sheet[number]]
        about = {each.id: each for each in self.study.stimuli}[trial.picture]
        if trial.kind == "description":
            page.get_by_label("Your word").fill(about.title)
        elif trial.options:
            page.locator(f'input[value="{trial.picture}"]').check()
        else:
            page.locator(f'input[value="{(trial.expected + catch - 1) % 5 + 1 if trial.expected else 4}"]').check()
        page.get_by_role("button", name="Next").click()

    def save(self) -> Download:
        with self.page.expect_download() as saved:
            self.page.get_by_role("button", name="Save your answers").click()
        return saved.value


def sit_down(context: BrowserContext, studied: Studied, query: str = f"?person={PERSON}") -> Person:
    person = Person(context.new_page(), studied.study)
    person.page.set_default_timeout(30_000)
    person.page.on("console", lambda message: person.complaints.append(message.text))
    person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
    person.page.on("request", lambda request: person.requests.append(request.url))
    person.page.goto(studied.address + query)
    return person


@pytest.fixture
def person(browser: Browser, studied: Studied) -> Iterator[Person]:
    """A person at a phone in the dark, whose visit ends without a complaint or a request that left the site."""
    context = browser.new_context(viewport=PHONE, color_scheme="dark", accept_downloads=True)
    made = sit_down(context, studied)
    yield made
    context.close()
    assert made.complaints == []
    assert [url for url in made.requests if not url.startswith((studied.site.as_uri(), "blob:"))] == []


def test_from_consent_over_a_reload_to_the_saved_file(person: Person, studied: Studied, tmp_path: Path) -> None:
    page, seen = person.page, []
    expect(page.get_by_text("You <b>agree</b>.")).to_be_visible()
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("#task")).to_be_hidden()  # without consent nothing begins
    person.begin()
    person.skip_examples()
    total = len(studied.study.sheet(PERSON))
    for number in range(total):
        if number == 3:
            page.reload()
        expect(page.locator("#question")).to_be_focused()
        seen += [page.content(), page.locator("main").aria_snapshot()]
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        loaded = "async all => Promise.all(all.map(async image => { await image.decode(); return image.naturalWidth }))"
        assert all(page.locator("main img").evaluate_all(loaded))
        person.answer(number)
    saved = person.save()
    saved.save_as(tmp_path / saved.suggested_filename)
    words = " ".join([*seen, page.content(), saved.suggested_filename, *person.requests]).lower()
    assert [method for method in METHODS if method in words.replace(str(studied.site).lower(), "")] == []
    counted = count([tmp_path / saved.suggested_filename], studied.study)
    assert (len(counted.people), counted.left_out, counted.inattentive) == (1, (), ())
    rows = make_table(counted.people, studied.study).rows
    assert {row.task for row in rows} == {"description", "word", "photos", "rating"}
    assert {row.leading.value for row in rows if row.task != "rating"} == {1.0}
    assert {row.leading.value for row in rows if row.task == "rating"} == {4.0}
    page.reload()
    expect(page.get_by_role("button", name="Save your answers")).to_be_visible()  # all is still there


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_the_scale_is_one_row_with_its_ends_named(browser: Browser, studied: Studied, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844})
    person = sit_down(context, studied)
    person.begin()
    while not person.page.locator(".scale").count():
        person.pass_example()
    labels = person.page.locator(".scale label")
    assert [label.inner_text().split() for label in labels.all()] == [
        ["1", "not", "at", "all"],
        ["2"],
        ["3"],
        ["4"],
        ["5", "very", "well"],
    ]
    boxes = [label.bounding_box() for label in labels.all()]
    assert len({box["y"] for box in boxes}) == 1 and all(box["height"] >= 44 for box in boxes)
    assert boxes[0]["x"] >= 0 and boxes[-1]["x"] + boxes[-1]["width"] <= width
    context.close()


def test_with_the_keyboard_alone(browser: Browser, studied: Studied, tmp_path: Path) -> None:
    context = browser.new_context(viewport=DESK, accept_downloads=True)
    person = sit_down(context, studied, "")
    page, keys = person.page, person.page.keyboard
    page.locator("body").focus()
    for _ in range(10):
        if page.evaluate("document.activeElement.id") == "agree":
            break
        keys.press("Tab")
    keys.press("Space")
    keys.press("Enter")
    expect(page.locator("#question")).to_be_focused()
    for _ in range(40):
        if page.locator("#thanks").count():
            break
        heading = page.locator("#question").inner_text()
        if "example" in heading:
            keys.press("Tab")
            keys.press("Enter")
        elif "Which single word" in heading:
            keys.press("Tab")
            keys.type("penguin 2")  # digits choose among pictures, but not here
            expect(page.locator("#typed")).to_have_value("penguin 2")
            keys.press("Enter")
        else:
            chosen = heading.rsplit("choose ", 1)[1].rstrip(".") if "choose " in heading else "2"
            keys.press(chosen)
            expect(page.locator("input[name=answer]:checked")).to_be_focused()
            keys.press("Enter")
    expect(page.locator("#thanks")).to_be_focused()
    with page.expect_download() as saved:
        keys.press("Tab")
        keys.press("Enter")
    saved.value.save_as(tmp_path / "answers.json")
    context.close()
    counted = count([tmp_path / "answers.json"], studied.study)
    assert [each.person >= 1_000_000 for each in counted.people] == [True]  # drawn, not one that a link gives
    assert person.complaints == []


def test_every_part_has_a_name_for_those_who_cannot_see(person: Person) -> None:
    page = person.page
    person.begin()
    person.skip_examples()
    while not page.get_by_role("radio").count():
        page.locator("#cannot").click()
    for radio in page.get_by_role("radio").all():
        assert radio.evaluate("input => input.labels[0].innerText.trim()")
    expect(page.get_by_role("group", name=page.locator("#question").inner_text())).to_be_visible()
    expect(page.get_by_role("progressbar", name="Progress")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("alert")).to_have_text("Choose one first.")


class Taking(BaseHTTPRequestHandler):
    """Takes answers, the second time that it is asked."""

    taken: list[bytes]
    status = 503

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        if self.status == 200:
            self.taken.append(body)
        type(self).status = 200

    def log_message(self, *args: object) -> None:
        pass


def test_answers_are_posted_where_the_owner_says_and_a_failure_leaves_the_file(
    browser: Browser, studied: Studied, tmp_path: Path
) -> None:
    Taking.taken, Taking.status = [], 503
    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        post = f"http://127.0.0.1:{server.server_address[1]}/answers"
        build_study(studied.store, tmp_path / "site", SETTINGS.model_copy(update={"post": post}))
        context = browser.new_context(accept_downloads=True)
        person = sit_down(context, Studied(studied.store, tmp_path / "site", studied.study))
        person.begin()
        person.skip_examples()
        for number in range(len(studied.study.sheet(PERSON))):
            person.answer(number)
        status = person.page.get_by_role("status")
        expect(status).to_contain_text("could not be sent")
        saved = json.loads(person.save().path().read_bytes())
        person.page.get_by_role("button", name="Try again").click()
        expect(status).to_contain_text("were sent")
        person.page.reload()
        expect(status).to_contain_text("were sent")
        context.close()
        server.shutdown()
        thread.join()
    assert [json.loads(body) for body in Taking.taken] == [saved]
