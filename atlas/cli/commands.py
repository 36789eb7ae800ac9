"""The command line: arguments in, one call, words out. All logic lives elsewhere, imported where it is used."""

import sys
import webbrowser
from pathlib import Path

import click

from atlas import __version__
from atlas.errors import AtlasError

CONFIG = click.option(
    "-c",
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("atlas.toml"),
    show_default=True,
    help="Configuration file.",
)
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it (128 + SIGINT)."""


class Commands(click.Group):
    """A group that lists its commands in the order in which a newcomer needs them, and guesses misspelt ones."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of their definition."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        from atlas.errors import did_you_mean

        if args and args[0] not in self.commands and not args[0].startswith("-"):
            hint = did_you_mean(args[0], self.commands) or f"Commands: {', '.join(self.commands)}."
            raise click.UsageError(f'there is no command "{args[0]}"; {hint}', ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="atlas")
def cli() -> None:
    """Render what a vision model has learned, and publish it as a static website.

    \b
    New here?      atlas demo
    Your model?    atlas init, edit atlas.toml, then
                   atlas plan, atlas render, atlas build, atlas serve

    Exit status: 0 all done, 1 some jobs failed (they are listed and recorded), 2 bad usage or configuration.

    \b
    Tab completion (bash; zsh and fish alike):
      eval "$(_ATLAS_COMPLETE=bash_source atlas)"
    """


@cli.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build"),
    show_default=True,
    help="Folder for the store and the site.",
)
@click.option("--open/--no-open", "open_browser", default=False, help="Open the site in a browser when it is built.")
def demo(out: Path, open_browser: bool) -> None:
    """Render a real ImageNet model and build its site, in about three minutes."""
    from atlas.cli.demo import prepare_demo
    from atlas.cli.session import build_and_report, render_and_report

    path = prepare_demo(out)
    status = render_and_report(path)
    if status == INTERRUPTED:
        sys.exit(status)
    index = build_and_report(path)
    click.echo(f"\nOpen it:   {index.resolve().as_uri()}\nServe it:  atlas serve -c {path}")
    click.echo(f"Change it: edit {path}, then atlas render -c {path} and atlas build -c {path}")
    if open_browser:
        webbrowser.open(index.resolve().as_uri())
    sys.exit(status)


@cli.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path("atlas.toml"))
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def init(path: Path, force: bool) -> None:
    """Write a commented atlas.toml to start from."""
    from atlas.cli.session import write_template

    write_template(path, force)
    click.echo(f"Wrote {path}. Edit it, then run: atlas plan")


@cli.command()
@CONFIG
def plan(config_path: Path) -> None:
    """Say what would be rendered, what is there already, and how long and how large the rest is."""
    from atlas.cli.session import plan_and_report

    plan_and_report(config_path)


@cli.command()
@CONFIG
@click.option("--only", multiple=True, metavar="KEY", help="Only jobs whose key begins so (see a picture's recipe).")
@click.option("--retry-quarantined", is_flag=True, help="Try jobs again that killed their worker three times.")
def render(config_path: Path, only: tuple[str, ...], retry_quarantined: bool) -> None:
    """Render what is missing. Stop with Ctrl-C at any time; run it again to go on."""
    from atlas.cli.session import render_and_report

    sys.exit(render_and_report(config_path, only, retry_quarantined))


@cli.command()
@CONFIG
@click.option("--verify", is_flag=True, help="Read every picture and record again and report damage.")
@click.option("--repair", is_flag=True, help="Verify, then render again what is damaged.")
def status(config_path: Path, verify: bool, repair: bool) -> None:
    """Say what the store holds, and what failed and why."""
    from atlas.cli.session import repair_and_report, status_and_report

    sys.exit(repair_and_report(config_path) if repair else status_and_report(config_path, verify))


@cli.command()
@CONFIG
def build(config_path: Path) -> None:
    """Make the site from the store."""
    from atlas.cli.session import build_and_report

    build_and_report(config_path)


@cli.command()
@CONFIG
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 picks a free one.")
def serve(config_path: Path, port: int) -> None:
    """Serve the built site on this machine, at 127.0.0.1 only."""
    from atlas.cli.session import serve_site

    serve_site(config_path, port)


@cli.command()
@click.argument("pattern", default="*")
def models(pattern: str) -> None:
    """List the models that can be rendered; PATTERN is a glob such as "*vit*"."""
    from atlas.cli.session import list_models

    list_models(pattern)


@cli.command()
@click.argument("model")
@click.option(
    "-c", "--config", "config_path", type=click.Path(path_type=Path, dir_okay=False), help="Take MODEL from it."
)
@click.option("--source", default="timm", show_default=True, help="Where MODEL comes from, if from no configuration.")
def layers(model: str, config_path: Path | None, source: str) -> None:
    """List the layers of MODEL with their unit counts. No weights are fetched."""
    from atlas.cli.session import list_layers

    list_layers(model, source, config_path)


@cli.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write (.npy)."
)
@click.option(
    "--size", type=click.IntRange(32, 4096), default=512, show_default=True, help="Side that photos are cropped to."
)
def spectrum(photos: tuple[Path, ...], output: Path, size: int) -> None:
    """Make a natural spectrum from PHOTOS (files or folders), for MACO's "spectrum" parameter."""
    from atlas.cli.session import make_spectrum

    make_spectrum(photos, output, size)


def main() -> None:
    """Run the command line; every expected error is one message and an exit status, never a traceback."""
    try:
        cli(prog_name="atlas")
    except AtlasError as error:
        click.echo(f"atlas: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        click.echo("\natlas: interrupted", err=True)
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
