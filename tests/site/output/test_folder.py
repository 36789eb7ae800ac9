"""The output folder: what atlas did not write is never lost, whatever the folder is, and whenever a build is killed."""

import errno
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from atlas.core.canonical import digest, digest_bytes
from atlas.errors import SiteError
from atlas.site.output import exchange
from atlas.site.output import folder as output
from atlas.site.output.folder import open_output
from atlas.site.output.locking import locked
from atlas.site.output.stamp import STAMP, Counts, read_stamp

FIRST = {"index.html": b"one", "m/a.html": b"a", "m/b.html": b"b", "i/ab/cd.webp": b"picture", ".nojekyll": b""}
SECOND = {"index.html": b"two", "m/a.html": b"a2", "m/c.html": b"c", "i/ef/01.webp": b"another", ".nojekyll": b""}
OURS = {
    ".git/HEAD": b"ref: refs/heads/main",
    ".git/objects/12/345": b"blob",
    "CNAME": b"atlas.example.org\n",
    ".domains": b"atlas.example.org\n",
    ".well-known/security.txt": b"Contact: me",
    "ads.txt": b"none",
    "about/index.html": b"about me",
    "m/notes.txt": b"beside pages",
    "m/\udcff name.txt": b"a name that is no text",
}


def publish(path: Path, files: dict[str, bytes], inputs: str = "", before_the_swap: object = None) -> list[str] | None:
    """Do what a build does with the files of a site; None if nothing changed."""
    inputs = inputs or digest({name: content.decode() for name, content in files.items()})
    with open_output(path, lambda: None) as target:
        if target.unchanged(inputs):
            return None
        staging = target.begin()
        for name, content in files.items():
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            (staging / name).write_bytes(content)
        if callable(before_the_swap):
            before_the_swap()
        return target.put(inputs, Counts(1, 1, 1), (), {name: digest_bytes(content) for name, content in files.items()})


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != STAMP
    }


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site, in a folder of its own."""
    path = tmp_path / "build" / "site"
    publish(path, FIRST)
    return path


def refusing(number: int, monkeypatch: pytest.MonkeyPatch, function: str = "exchange") -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(output, function, refuse)


@pytest.fixture(params=["exchange", "two renames", "in place", "in place from another disk", "no hard links"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every way in which a site is put in place, by what the file system answers."""
    name = str(request.param)
    if name == "two renames":

        def no_exchange(*_: object) -> None:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

        monkeypatch.setattr(exchange, "_exchange", no_exchange)
    elif name == "in place":
        monkeypatch.setattr(output, "holds_mounts", lambda folder: True)
    elif name == "in place from another disk":
        refusing(errno.EXDEV, monkeypatch)
        replace = os.replace

        def other_disk(source: Path, target: Path) -> None:
            if ".new-" in str(source) and ".new-" not in str(target):
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            replace(source, target)

        monkeypatch.setattr(os, "replace", other_disk)
    elif name == "no hard links":
        refusing(errno.EPERM, monkeypatch, "carry")
    return name


# --- what is not atlas's ---------------------------------------------------------------------------------------------


def test_what_atlas_did_not_write_stays(site: Path, way: str) -> None:
    write(site, OURS)
    (site / ".git" / "refs").mkdir()  # git needs it, though it may be empty
    (site / "latest").symlink_to("m/a.html")
    (site / "nowhere").symlink_to("gone")
    (site / "about").chmod(0o750)
    assert publish(site, SECOND) == []
    assert contents(site) == SECOND | OURS | {"latest": b"a2"}
    assert (site / ".git" / "refs").is_dir()
    assert os.readlink(site / "nowhere") == "gone"
    assert (site / "about").stat().st_mode & 0o777 == 0o750
    assert os.listdir(site.parent) == ["site"]
    assert all((site / name).stat().st_nlink == 1 for name in OURS)
    assert publish(site, SECOND) is None, "somebody's files do not make a site another one"
    assert publish(site, FIRST) == []
    assert contents(site) == FIRST | OURS | {"latest": b"a"}


def test_what_is_gone_from_the_site_is_removed(site: Path, way: str) -> None:
    publish(site, {"index.html": b"three"})
    assert contents(site) == {"index.html": b"three"}
    assert sorted(os.listdir(site)) == [STAMP, "index.html"]


def test_what_is_put_there_during_a_build_stays(site: Path, way: str) -> None:
    write(site, {"CNAME": b"old.example.org"})

    def meanwhile() -> None:
        write(site, {"new/ads.txt": b"mine"})
        os.replace(_file(site.parent / "saved", b"new.example.org"), site / "CNAME")

    publish(site, SECOND, before_the_swap=meanwhile)
    assert contents(site) == SECOND | {"CNAME": b"new.example.org", "new/ads.txt": b"mine"}


def test_what_is_put_there_at_the_moment_of_the_swap_stays(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, {"CNAME": b"old.example.org", "about/a.html": b"a"})
    change_places = output.exchange

    def late(*places: Path) -> Path | None:
        write(site, {"ads.txt": b"mine", "about/b.html": b"b"})
        os.replace(_file(site.parent / "saved", b"new.example.org"), site / "CNAME")
        return change_places(*places)

    monkeypatch.setattr(output, "exchange", late)
    publish(site, SECOND)
    mine = {"CNAME": b"new.example.org", "ads.txt": b"mine", "about/a.html": b"a", "about/b.html": b"b"}
    assert contents(site) == SECOND | mine
    assert os.listdir(site.parent) == ["site"]


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("theirs", ["m/c.html", "i/ef", "m/c.html/more.txt"])
def test_somebody_elses_in_the_place_of_a_page_is_named_and_kept(site: Path, way: str, theirs: str) -> None:
    write(site, {theirs: b"mine"})
    with pytest.raises(SiteError, match="not written by atlas") as caught:
        publish(site, SECOND)
    assert ("m/c.html" if "c.html" in theirs else theirs) in caught.value.message
    assert contents(site) == FIRST | {theirs: b"mine"}
    assert os.listdir(site.parent) == ["site"]


def test_the_same_bytes_in_the_place_of_a_page_are_no_collision(site: Path, way: str) -> None:
    write(site, {"m/c.html": SECOND["m/c.html"]})
    assert publish(site, SECOND) == []
    assert contents(site) == SECOND


def test_files_of_the_site_that_were_changed_are_said_to_be_written_anew(site: Path, way: str) -> None:
    write(site, {"m/a.html": b"by hand", "m/b.html": b"by hand", "index.html": b"by hand"})
    anew, gone = publish(site, SECOND) or []
    assert "written anew: index.html, m/a.html;" in anew
    assert "removed, for the site has it no more: m/b.html" in gone
    assert contents(site) == SECOND


def test_new_times_alone_change_nothing(site: Path) -> None:
    for path in site.rglob("*"):  # as a checkout or a copy does
        os.utime(path, (1, 1))
    assert publish(site, FIRST) is None
    assert publish(site, SECOND) == []


@pytest.mark.parametrize("name", ["CNAME", ".git/HEAD", ".nojekyll", ".well-known/security.txt", "lost+found/x"])
def test_what_stands_beside_sites_may_be_there_before(tmp_path: Path, way: str, name: str) -> None:
    write(tmp_path / "site", {name: b"mine\n"})
    assert publish(tmp_path / "site", FIRST) == []
    assert contents(tmp_path / "site") == FIRST | {name: b"mine\n"}
    assert publish(tmp_path / "site", FIRST) is None
    publish(tmp_path / "site", SECOND)
    assert contents(tmp_path / "site") == SECOND | {name: b"mine\n"}


@pytest.mark.parametrize("name", ["index.html", ".bashrc", ".ssh/id", "cname"])
def test_any_other_folder_is_left_alone(tmp_path: Path, name: str) -> None:
    write(tmp_path / "home", {name: b"mine"})
    with pytest.raises(SiteError, match="no site made by atlas"):
        publish(tmp_path / "home", FIRST)
    assert contents(tmp_path) == {f"home/{name}": b"mine"}


def test_a_stamp_that_lists_files_elsewhere_is_none(tmp_path: Path) -> None:
    write(tmp_path, {"thesis.tex": b"mine", "site/index.html": b"x"})
    for path in ("../thesis.tex", str(tmp_path / "thesis.tex"), "m/../../thesis.tex"):
        stamp = {"format": "atlas-site", "build": "1", "inputs": "2", "files": {path: [4, 1, "x"]}}
        (tmp_path / "site" / STAMP).write_text(json.dumps(stamp))
        with pytest.raises(SiteError, match="no site made by atlas"):
            publish(tmp_path / "site", FIRST)
    assert (tmp_path / "thesis.tex").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "text", ["", "{}", "[" * 100_000, '{"format": "atlas-site", "files": 1' + "0" * 5000 + "}", "null"]
)
def test_a_damaged_stamp_is_none(site: Path, text: str) -> None:
    (site / STAMP).write_text(text)
    with pytest.raises(SiteError, match="no site made by atlas"):
        publish(site, SECOND)
    assert contents(site) == FIRST


# --- sites of an older atlas -----------------------------------------------------------------------------------------


def older(site: Path, files: dict[str, bytes]) -> None:
    listing = digest(sorted((name, len(content)) for name, content in files.items()))
    stamp = {"format": "atlas-site", "inputs": "x", "files": listing, "counts": {"pages": 1, "pictures": 1, "bytes": 9}}
    write(site, files)
    (site / STAMP).write_text(json.dumps(stamp))


def test_a_site_of_an_older_atlas_is_replaced(tmp_path: Path, way: str) -> None:
    older(tmp_path / "site", FIRST)
    assert publish(tmp_path / "site", SECOND) == []
    assert contents(tmp_path / "site") == SECOND


def test_a_site_of_an_older_atlas_with_other_files_in_it_is_left_alone(tmp_path: Path) -> None:
    older(tmp_path / "site", FIRST)
    write(tmp_path / "site", {"CNAME": b"mine"})
    with pytest.raises(SiteError, match="older atlas") as caught:
        publish(tmp_path / "site", SECOND)
    assert "move that folder away" in caught.value.remedy
    assert contents(tmp_path / "site") == FIRST | {"CNAME": b"mine"}


# --- links and mounts ------------------------------------------------------------------------------------------------


def test_a_link_is_followed_and_stays(tmp_path: Path, way: str) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "site").symlink_to("../www")
    for files in (FIRST, SECOND):
        publish(tmp_path / "build" / "site", files)
        assert contents(tmp_path / "www") == files
        assert os.readlink(tmp_path / "build" / "site") == "../www"
    assert sorted(os.listdir(tmp_path)) == ["build", "www"] and os.listdir(tmp_path / "build") == ["site"]


@pytest.mark.parametrize("target", ["../gone", "site"])
def test_a_link_that_leads_nowhere_is_named(tmp_path: Path, target: str) -> None:
    (tmp_path / "site").symlink_to(target)
    with pytest.raises(SiteError, match=f"is a link to {target}"):
        publish(tmp_path / "site", FIRST)
    assert os.listdir(tmp_path) == ["site"]


def test_a_folder_of_the_site_that_was_moved_to_another_disk_is_filled_there(site: Path) -> None:
    (site / "i").rename(site.parent / "large")
    (site / "i").symlink_to("../large")
    publish(site, SECOND)
    assert os.readlink(site / "i") == "../large"
    assert contents(site.parent / "large") == {"ef/01.webp": b"another"}


def test_mounts_are_seen() -> None:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = Path(line.split()[4])
        assert exchange.holds_mounts(point) and exchange.holds_mounts(point.parent)


def test_a_folder_without_mounts_holds_none(tmp_path: Path) -> None:
    assert not exchange.holds_mounts(tmp_path)


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_folder_that_cannot_be_renamed_is_filled(site: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    inode = site.stat().st_ino
    refusing(number, monkeypatch)
    publish(site, SECOND)
    assert contents(site) == SECOND
    assert site.stat().st_ino == inode and os.listdir(site.parent) == ["site"]


def test_a_folder_in_one_where_nothing_may_be_made_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parent, make = tmp_path / "theirs", Path.mkdir
    write(parent / "site", {"CNAME": b"mine"})

    def forbidden(path: Path, *given: object, **named: object) -> None:
        if path.parent == parent and not named:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        make(path, *given, **named)

    monkeypatch.setattr(Path, "mkdir", forbidden)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != parent)
    for files in (FIRST, SECOND):
        assert publish(parent / "site", files) == []
        assert contents(parent / "site") == files | {"CNAME": b"mine"}
    assert os.listdir(parent) == ["site"]


def test_rights_of_the_folder_stay(site: Path, way: str) -> None:
    site.chmod(0o2775)
    publish(site, SECOND)
    assert site.stat().st_mode & 0o7777 == 0o2775


READ_ONLY = """
import os, sys, test_folder as tests
site = tests.Path(sys.argv[1], "site")
os.geteuid() or os.setuid(65534)  # rights do not stop root
tests.publish(site, tests.FIRST)
for path in (site, site / "m", site / "i"):
    path.chmod(0o555)
print(tests.publish(site, tests.SECOND), os.listdir(site.parent), tests.contents(site) == tests.SECOND)
"""


def test_a_site_that_was_made_read_only_is_replaced_and_leaves_nothing() -> None:
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o777)
        command = [sys.executable, "-c", READ_ONLY, folder]
        run = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path})
        assert (run.stdout, run.stderr) == ("[] ['site'] True\n", "")


def test_a_full_disk_leaves_the_old_site(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, OURS)
    refusing(errno.ENOSPC, monkeypatch)
    with pytest.raises(OSError, match="No space"):
        publish(site, SECOND)
    assert contents(site) == FIRST | OURS
    assert os.listdir(site.parent) == ["site"]


# --- killed, and not alone -------------------------------------------------------------------------------------------

KILLS = 24
"""Moments, of some hundreds, at which a build is killed for each way; the seeds are fixed."""
KILLER = """
import json, os, random, shutil, signal, sys
from pathlib import Path
import atlas.site
import test_folder as tests

PACKAGE = os.path.dirname(atlas.site.__file__)
folder, way, kills = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
if way == "in place":
    tests.output.holds_mounts = lambda path: True
elif way == "two renames":
    def no_exchange(*_):
        raise OSError(22, "Invalid argument")
    tests.exchange._exchange = no_exchange


def build(site, step):
    count = 0
    def trace(frame, event, argument):
        nonlocal count
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        count += event in ("line", "return")
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    sys.settrace(trace)
    tests.publish(site, tests.SECOND)
    sys.settrace(None)
    return count


def prepared(name):
    site = folder / name / "site"
    tests.publish(site, tests.FIRST)
    tests.write(site, tests.OURS)
    return site


steps = build(prepared("counted"), -1)
moments = range(1, steps + 1) if kills >= steps else random.Random(way).sample(range(1, steps + 1), kills)
wrong = []
for step in moments:
    site = prepared(str(step))
    child = os.fork()
    if not child:
        build(site, step)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, step
    after = tests.contents(site) if site.exists() else None
    if after is None:
        good = way == "two renames"
    else:
        mine = {name: content for name, content in after.items() if name in tests.OURS}
        its = {name: content for name, content in after.items() if name not in tests.OURS and ".atlas-site" not in name}
        whole = its in (tests.FIRST, tests.SECOND)
        known = {*tests.FIRST.items(), *tests.SECOND.items()}
        mixed = way == "in place" and set(its.items()) <= known and "index.html" in its
        good = mine == tests.OURS and (whole or mixed)
    tests.publish(site, tests.SECOND)
    clean = tests.contents(site) == {**tests.SECOND, **tests.OURS} and os.listdir(site.parent) == ["site"]
    stray = [path for path in site.rglob(".atlas-site*") if path.name != tests.STAMP]
    if not good or not clean or stray:
        wrong.append([step, good, clean, list(map(str, stray))])
    shutil.rmtree(site.parent)
print(json.dumps({"steps": steps, "killed": len(moments), "wrong": wrong}))
"""


@pytest.mark.parametrize("name", ["exchange", "two renames", "in place"])
def test_a_build_killed_at_any_moment_loses_nothing(tmp_path: Path, name: str) -> None:
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    run = subprocess.run(
        [sys.executable, "-c", KILLER, str(tmp_path), name, str(KILLS)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert (result["killed"], result["wrong"]) == (KILLS, [])


def test_there_is_a_site_at_every_moment_of_a_swap(site: Path) -> None:
    missed: list[int] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            try:
                (site / "index.html").read_bytes()
            except FileNotFoundError:
                missed.append(1)

    reader = threading.Thread(target=look)
    reader.start()
    for round_ in range(60):
        publish(site, (FIRST, SECOND)[round_ % 2], inputs=f"round {round_}")
    done.set()
    reader.join()
    assert missed == []


def test_builds_of_one_site_wait_for_each_other(site: Path) -> None:
    order: list[str] = []
    second = threading.Thread(target=lambda: order.append(f"second: {publish(site, SECOND)}"))

    def meanwhile() -> None:
        second.start()
        time.sleep(0.2)
        order.append("first")

    publish(site, SECOND, before_the_swap=meanwhile)
    second.join()
    assert order == ["first", "second: None"], "the second finds that the first has built it"
    assert os.listdir(site.parent) == ["site"]


def test_waiting_is_said_once(tmp_path: Path) -> None:
    said: list[str] = []
    release = threading.Event()

    def hold() -> None:
        with locked(tmp_path / "lock", lambda: None) as held:
            assert held
            release.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    while not (tmp_path / "lock").exists():
        time.sleep(0.001)

    def waiting() -> None:
        said.append("waiting")
        release.set()

    with locked(tmp_path / "lock", waiting) as held:
        assert held
    holder.join()
    assert said == ["waiting"]
    assert os.listdir(tmp_path) == []


def test_without_locks_only_what_is_old_is_swept(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def no_locks(path: Path, on_wait: object) -> Iterator[bool]:
        yield False

    monkeypatch.setattr(output, "locked", no_locks)
    young, old = (site.with_name(f".site.new-{digit * 32}") for digit in "ab")
    for folder, digit in ((young, "a"), (old, "b")):
        write(folder, {STAMP: json.dumps({"format": "atlas-site", "build": digit * 32, "files": {}}).encode()})
    os.utime(old, (time.time() - 2 * output.ABANDONED,) * 2)
    publish(site, SECOND)
    assert young.exists() and not old.exists()


def test_every_build_has_its_own_name(tmp_path: Path) -> None:
    names = set()
    for _ in range(50):
        with open_output(tmp_path / "site", lambda: None) as target:
            names.add(target.begin().name)
    assert len(names) == 50 and not any(str(os.getpid()) == name.rpartition("-")[2] for name in names)
    assert read_stamp(tmp_path / "site") is None and os.listdir(tmp_path) == []
