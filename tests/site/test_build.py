"""Building: whole or not at all, the same bytes each time, nothing done twice, damage named."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import jinja2
import psutil
import pytest
from records import keep
from sample_site import Sample
from sample_store import card, job, record

from atlas.core.job import Target
from atlas.errors import SiteError, StoreError
from atlas.site import SiteMetadata, build_site, check_links, resources, templates, writer
from atlas.site.output.stamp import STAMP
from atlas.site.pictures import derived
from atlas.store import Store


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != STAMP
    }


def files_beside(output: Path) -> list[str]:
    return sorted(path.name for path in output.parent.iterdir() if path.name not in ("store", output.name))


def no_new_pictures(*_: object) -> None:
    raise AssertionError("a picture was derived again")


def test_the_report_counts_what_is_there(sample: Sample) -> None:
    files = contents(sample.site)
    assert sample.report.pages == sum(name.endswith(".html") for name in files)
    assert sample.report.pictures == sum(name.endswith(".webp") for name in files)
    assert sample.report.bytes == sum(map(len, files.values()))
    assert not sample.report.unchanged


def test_the_sample_has_no_broken_link(sample: Sample) -> None:
    assert check_links(sample.site) == []


def test_the_same_store_gives_the_same_bytes(sample: Sample, own_store: Store, tmp_path: Path) -> None:
    shutil.rmtree(own_store.path / "derived")
    build_site(own_store, tmp_path / "elsewhere" / "site", SiteMetadata())
    assert contents(tmp_path / "elsewhere" / "site") == contents(sample.site)


def test_nothing_changed_means_nothing_is_written(own_store: Store, tmp_path: Path) -> None:
    first = build_site(own_store, tmp_path / "site", SiteMetadata())
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "site").rglob("*")}
    again = build_site(own_store, tmp_path / "site", SiteMetadata())
    assert again.unchanged and again.rendered == 0
    assert (again.pages, again.pictures, again.bytes) == (first.pages, first.pictures, first.bytes)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "site").rglob("*")} == before


def test_a_site_that_was_tampered_with_is_built_again(own_store: Store, tmp_path: Path) -> None:
    build_site(own_store, tmp_path / "site", SiteMetadata())
    (tmp_path / "site" / "index.html").write_text("overwritten")
    assert not build_site(own_store, tmp_path / "site", SiteMetadata()).unchanged
    assert "overwritten" not in (tmp_path / "site" / "index.html").read_text()


def test_new_words_need_no_new_pictures(own_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived, "derive", no_new_pictures)
    report = build_site(own_store, tmp_path / "site", SiteMetadata(title="Other words"))
    assert report.rendered == 0 and not report.unchanged
    assert "Other words" in (tmp_path / "site" / "index.html").read_text()


def test_a_new_record_needs_only_its_own_picture(own_store: Store, tmp_path: Path) -> None:
    build_site(own_store, tmp_path / "site", SiteMetadata())
    made, pictures = record(job("a", Target(kind="logit", layer="logits", unit=3), seed=9))
    keep(own_store, made, pictures)
    report = build_site(own_store, tmp_path / "site", SiteMetadata())
    assert report.rendered == 1 and not report.unchanged


def test_a_cached_picture_that_lost_bytes_is_made_again(own_store: Store, tmp_path: Path) -> None:
    lost = next((own_store.path / "derived" / "files").rglob("*.webp"))
    whole = lost.read_bytes()
    lost.unlink()
    lost.write_bytes(whole[:-1])
    assert build_site(own_store, tmp_path / "site", SiteMetadata()).rendered == 1
    assert lost.read_bytes() == whole


def test_pictures_in_the_site_survive_the_loss_of_the_cache(own_store: Store, tmp_path: Path) -> None:
    build_site(own_store, tmp_path / "site", SiteMetadata())
    before = contents(tmp_path / "site")
    shutil.rmtree(own_store.path / "derived")
    assert contents(tmp_path / "site") == before


def test_editing_a_site_in_place_damages_neither_store_nor_cache(own_store: Store, tmp_path: Path) -> None:
    build_site(own_store, tmp_path / "site", SiteMetadata())
    before, site = contents(own_store.path), contents(tmp_path / "site")
    for name in site:
        if name.startswith("i/"):
            with open(tmp_path / "site" / name, "r+b") as picture:  # as exiftool and mogrify may do
                picture.write(b"edited")
            (tmp_path / "site" / name).chmod(0o600)
    assert contents(own_store.path) == before
    report = build_site(own_store, tmp_path / "site", SiteMetadata())
    assert contents(tmp_path / "site") == site and report.rendered == 0
    assert any("changed since the last build" in notice for notice in report.notices)
    assert build_site(own_store, tmp_path / "site", SiteMetadata()).unchanged


def test_a_derived_picture_of_the_right_size_with_a_wrong_bit_is_made_again(
    own_store: Store, sample: Sample, tmp_path: Path
) -> None:
    for path in sorted((own_store.path / "derived" / "files").rglob("*.webp")):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))
    build_site(own_store, tmp_path / "site", SiteMetadata())
    assert contents(tmp_path / "site") == contents(sample.site)
    assert contents(own_store.path / "derived") == contents(sample.store.path / "derived")


def test_progress_ends_where_it_said_it_would(own_store: Store, tmp_path: Path) -> None:
    told: dict[str, list[tuple[int, int]]] = {}
    report = build_site(
        own_store,
        tmp_path / "site",
        SiteMetadata(),
        lambda stage, done, all_: told.setdefault(stage, []).append((done, all_)),
    )
    assert list(told) == ["pictures", "pages", "links"]
    assert told["pages"][-1] == (report.pages, report.pages)
    assert all(steps[-1][0] == steps[-1][1] for steps in told.values())


# --- a failed build leaves the old site ------------------------------------------------------------------------------


@pytest.fixture
def old_site(own_store: Store, tmp_path: Path) -> Path:
    build_site(own_store, tmp_path / "site", SiteMetadata())
    return tmp_path / "site"


def altered_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, addition: str) -> None:
    folder = tmp_path / "altered"
    shutil.copytree(resources.resource_folder("templates"), folder)
    base = folder / "base.html"
    base.write_text(base.read_text().replace("</main>", addition + "</main>"))
    find = resources.resource_folder
    monkeypatch.setattr(templates, "resource_folder", lambda name: folder if name == "templates" else find(name))


def test_a_broken_link_fails_the_build(
    own_store: Store, old_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(old_site)
    altered_templates(tmp_path, monkeypatch, '<a href="{{ root }}nowhere.html">x</a>')
    with pytest.raises(SiteError, match=r"broken links[\s\S]*nowhere\.html leads nowhere"):
        build_site(own_store, old_site, SiteMetadata(title="new"))
    assert contents(old_site) == before
    assert files_beside(old_site) == ["altered"]


def test_an_undefined_name_fails_the_build(
    own_store: Store, old_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(old_site)
    altered_templates(tmp_path, monkeypatch, "{{ page.nonsense }}")
    with pytest.raises(jinja2.UndefinedError, match="nonsense"):
        build_site(own_store, old_site, SiteMetadata(title="new"))
    assert contents(old_site) == before
    assert files_beside(old_site) == ["altered"]


def test_a_full_disk_fails_the_build(own_store: Store, old_site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = contents(old_site)
    monkeypatch.setattr(writer.SiteWriter, "_write_for_machines", full)
    with pytest.raises(SiteError, match="No space left"):
        build_site(own_store, old_site, SiteMetadata(title="new"))
    assert contents(old_site) == before
    assert files_beside(old_site) == []


CONFIGURATION = """
[site]
path = "site"
title = "ended"
[store]
path = "store"
[[models]]
name = "sample"
source = "callable"
architecture = "nowhere:network"
[[render]]
classes = "all"
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_build_that_is_ended_leaves_the_old_site_and_no_process(
    own_store: Store, old_site: Path, tmp_path: Path, number: int
) -> None:
    before = contents(old_site)
    shutil.rmtree(own_store.path / "derived")  # so that it starts workers
    (tmp_path / "atlas.toml").write_text(CONFIGURATION)
    command = [sys.executable, "-m", "atlas", "build", "-c", str(tmp_path / "atlas.toml")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    workers: list[psutil.Process] = []
    while process.poll() is None and len(workers) < 2:  # Python's own tracker of resources is one of them
        workers = psutil.Process(process.pid).children(recursive=True)
        time.sleep(0.002)
    process.send_signal(number)
    _, said = process.communicate()
    if number == signal.SIGKILL:
        assert process.returncode == -number
    else:
        assert (process.returncode, said.strip()) == (130, "Interrupted.")
    assert psutil.wait_procs(workers, timeout=60)[1] == []
    assert contents(old_site) == before
    build_site(own_store, old_site, SiteMetadata(title="after"))
    assert files_beside(old_site) == ["atlas.toml"]
    assert "<title>after</title>" in (old_site / "index.html").read_text()


def test_a_worker_that_is_killed_is_said_to_be(
    own_store: Store, old_site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(old_site)
    shutil.rmtree(own_store.path / "derived")
    mine = {child.pid for child in psutil.Process().children()}

    def kill(stage: str, done: int, total: int) -> None:
        for child in psutil.Process().children():
            with suppress(psutil.NoSuchProcess):  # a zombie is one, too: it ended in the meantime
                if child.pid not in mine and "spawn_main" in " ".join(child.cmdline()):
                    child.kill()

    with pytest.raises(SiteError, match="was ended from outside"):
        build_site(own_store, old_site, SiteMetadata(title="new"), kill)
    assert contents(old_site) == before and files_beside(old_site) == []


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_site_is_left_alone(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "index.html").write_text("mine")
    with pytest.raises(SiteError, match="no site made by atlas"):
        build_site(sample.store, tmp_path / "thesis", SiteMetadata())
    assert (tmp_path / "thesis" / "index.html").read_text() == "mine"


def test_a_file_is_left_alone(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine")
    with pytest.raises(SiteError, match="no site made by atlas"):
        build_site(sample.store, tmp_path / "site", SiteMetadata())
    assert (tmp_path / "site").read_text() == "mine"


def test_an_empty_folder_is_used(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    assert build_site(sample.store, tmp_path / "site", SiteMetadata()).pages == sample.report.pages


def test_an_output_that_holds_the_store_is_refused(own_store: Store, tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="inside the output"):
        build_site(own_store, tmp_path, SiteMetadata())


def test_an_empty_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="atlas render"):
        build_site(Store(tmp_path / "store", create=True), tmp_path / "site", SiteMetadata())
    assert not (tmp_path / "site").exists()


# --- a damaged store -------------------------------------------------------------------------------------------------


def some_record_folder(store: Store) -> Path:
    return next(store.folder(record.key) for record in store.records() if record.assets)


def damage_truncated(store: Store) -> None:
    path = next(some_record_folder(store).glob("*.png"))
    path.write_bytes(path.read_bytes()[:200])
    shutil.rmtree(store.path / "derived")


def damage_missing_picture(store: Store) -> None:
    next(some_record_folder(store).glob("*.png")).unlink()
    shutil.rmtree(store.path / "derived")


def damage_half_record(store: Store) -> None:
    path = some_record_folder(store) / "document.json"
    path.write_bytes(path.read_bytes()[:300])


def damage_no_card(store: Store) -> None:
    (store.path / "models" / f"{card('b').identity.fingerprint}.json").unlink()


def damage_card_without_layer(store: Store) -> None:
    whole = store.card(card("a").identity.fingerprint)
    store.save_card(
        whole.model_copy(update={"layers": tuple(layer for layer in whole.layers if layer.name != "blocks.3")})
    )


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (damage_truncated, "does not match its hash"),
        (damage_missing_picture, "is missing"),
        (damage_half_record, "is damaged"),
        (damage_no_card, "has no card"),
        (damage_card_without_layer, "does not list the layer"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_damage_is_named_and_the_old_site_kept(own_store: Store, old_site: Path, damage: object, words: str) -> None:
    before = contents(old_site)
    damage(own_store)  # type: ignore[operator]
    with pytest.raises(StoreError, match=words) as caught:
        build_site(own_store, old_site, SiteMetadata(title="new"))
    assert "atlas " in caught.value.remedy
    assert contents(old_site) == before
    assert files_beside(old_site) == []


def test_a_store_below_a_folder_of_any_bytes_is_built(own_store: Store, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    shutil.move(own_store.path, folder)
    moved = Store(folder)
    assert not build_site(moved, folder / "site", SiteMetadata()).unchanged
    assert build_site(moved, folder / "site", SiteMetadata()).unchanged


def test_a_signal_that_another_thread_takes_waits_until_workers_are_started() -> None:
    """numpy's own threads, which were there before, take signals that this thread has blocked."""
    done, reached = threading.Event(), []

    def starting() -> None:
        with derived._signals_held():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
            reached.append(True)

    other = threading.Thread(target=done.wait)
    other.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            starting()
    finally:
        done.set()
        other.join()
    assert reached == [True]
