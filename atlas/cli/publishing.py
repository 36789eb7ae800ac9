"""The site: built from the store, and shown on this machine."""

from contextlib import suppress
from pathlib import Path

from atlas.cli.terminal import command, console, say
from atlas.config import load_config
from atlas.face.watch import Watch
from atlas.face.words import count, duration, size


def build_and_report(path: Path) -> Path:
    """Build the site, say what it holds and return the path of its home page."""
    from atlas.face.building import build_project
    from atlas.site.catalog.numbers import rendered_words

    config = load_config(path)
    report = build_project(config, Watch(console))
    for notice in report.notices:
        say(f"Note: {notice}")
    made = "unchanged since the last build" if report.unchanged else f"built in {duration(report.seconds)}"
    say(
        f"{rendered_words(report.classes, report.units)} · {count(report.renderings, 'picture')}: "
        f"{count(report.pages, 'page')} and {count(report.pictures, 'file')} of pictures, {size(report.bytes)}, "
        f"{made}: {config.site.path}"
    )
    return config.site.path / "index.html"


def serve_and_report(path: Path, port: int) -> None:
    """Serve the built site until Ctrl-C, and say where."""
    from atlas.site.serving.serve import make_server

    with make_server(load_config(path).site.path, port) as server:
        say(f"Serving at http://127.0.0.1:{server.server_address[1]}/ (Ctrl-C ends it)")
        with suppress(KeyboardInterrupt):
            server.serve_forever()


def say_what_next(path: Path, home: Path) -> None:
    """Say how to look at a site, and how to change it."""
    say(f"\nOpen it:   {home.resolve().as_uri()}\nServe it:  {command('serve', path)}")
    say(f"Change it: edit {path}, then {command('render', path)} and {command('build', path)}")
