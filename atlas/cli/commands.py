"""The command line: arguments in, one call, words out. All logic lives elsewhere, imported where it is used."""

import sys
import webbrowser
from pathlib import Path

import click

from atlas.cli.stopping import INTERRUPTED, interruptible
from atlas.errors import AtlasError, did_you_mean
from atlas.extras import needing_extras
from atlas.version import __version__

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
CONFIG = click.option(
    "-c",
    "--config",
    "config_path",
    type=FILE,
    default=Path("atlas.toml"),
    show_default=True,
    help="Configuration file.",
)


class Commands(click.Group):
    """A group that lists its commands in the order in which a newcomer needs them, and guesses misspelt ones."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; every expected error is one message and an exit status, never a traceback."""
        from atlas.cli.terminal import complain

        try:
            with interruptible(), needing_extras("this command"):
                return super().invoke(ctx)
        except AtlasError as error:
            complain(f"Error: {error}")
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            complain("\nInterrupted.")
            ctx.exit(INTERRUPTED)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of their definition."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
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

    \b
    Exit status    0    all done
                   1    some jobs failed (they are listed and recorded), or a file
                        could not be read or written
                   2    a mistake in the command or the configuration
                   130  stopped by Ctrl-C or SIGTERM

    \b
    Tab completion
      bash   eval "$(_ATLAS_COMPLETE=bash_source atlas)"
      zsh    eval "$(_ATLAS_COMPLETE=zsh_source atlas)"
      fish   _ATLAS_COMPLETE=fish_source atlas | source
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
    """Render a real model and build its site.

    Takes less than three minutes on two cores.
    """
    from atlas.cli.demo import prepare_demo
    from atlas.cli.publishing import build_and_report, say_what_next
    from atlas.cli.rendering import render_and_report

    path = prepare_demo(out)
    status = render_and_report(path)
    if status == INTERRUPTED:
        sys.exit(status)
    index = build_and_report(path)
    say_what_next(path, index)
    if open_browser:
        webbrowser.open(index.resolve().as_uri())
    sys.exit(status)


@cli.command()
@click.argument("path", type=FILE, default=Path("atlas.toml"))
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def init(path: Path, force: bool) -> None:
    """Write a commented atlas.toml to start from."""
    from atlas.cli.starting import write_template

    write_template(path, force)


@cli.command()
@CONFIG
def plan(config_path: Path) -> None:
    """Say what is to render, how long and how large.

    Loads the models, looks up what the store has already, and times a few steps of the rest. Writes nothing.
    """
    from atlas.cli.rendering import plan_and_report

    plan_and_report(config_path)


@cli.command()
@CONFIG
@click.option(
    "--only", multiple=True, metavar="KEY", help="Only jobs whose key begins so; a picture's page shows its key."
)
@click.option(
    "--retry",
    multiple=True,
    type=click.Choice(["dead", "quarantined"]),
    help="Also units that were found dead, or jobs that ended their process several times.",
)
def render(config_path: Path, only: tuple[str, ...], retry: tuple[str, ...]) -> None:
    """Render what is missing.

    Stop with Ctrl-C at any time, and run it again to go on: everything finished is kept.
    """
    from atlas.cli.rendering import render_and_report

    sys.exit(render_and_report(config_path, only, retry))


@cli.command()
@CONFIG
@click.option(
    "--only", multiple=True, metavar="NAME", help="Only this score or analysis, such as transfer; may be given again."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option(
    "--csv", "csv_folder", type=FOLDER, metavar="FOLDER", help="Write each table there, as NAME.csv, and its curves."
)
@click.option("--latex", "latex_folder", type=FOLDER, metavar="FOLDER", help="Write each table there, as NAME.tex.")
def evaluate(
    config_path: Path, only: tuple[str, ...], as_json: bool, csv_folder: Path | None, latex_folder: Path | None
) -> None:
    """Score the pictures that are there, and analyse models.

    Judges look at pictures, and tables say what they see, with intervals; so do tables of what analyses of models find.
    Nothing is rendered. Stop with Ctrl-C at any time, and run it again to go on.
    """
    from atlas.cli.evaluating import evaluate_and_report

    sys.exit(evaluate_and_report(config_path, only, as_json, csv_folder, latex_folder))


@cli.command()
@CONFIG
@click.option("--verify", is_flag=True, help="Read every file of the store and report damage.")
@click.option("--repair", is_flag=True, help="Verify, then make again what is damaged or missing.")
@click.option("--drop", is_flag=True, help="With --repair: remove what is damaged and cannot be made again.")
def status(config_path: Path, verify: bool, repair: bool, drop: bool) -> None:
    """Say what the store holds, and what failed and why."""
    from atlas.cli.holdings import status_and_report, verify_and_report
    from atlas.cli.repairing import repair_and_report

    if drop and not repair:
        raise click.UsageError("--drop goes with --repair: what can be made again is made, the rest is removed")
    if repair:
        sys.exit(repair_and_report(config_path, drop))
    sys.exit(verify_and_report(config_path) if verify else status_and_report(config_path))


@cli.command()
@CONFIG
def build(config_path: Path) -> None:
    """Make the site from the store."""
    from atlas.cli.publishing import build_and_report

    build_and_report(config_path)


@cli.command()
@CONFIG
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 picks a free one.")
def serve(config_path: Path, port: int) -> None:
    """Show the built site on this machine, at 127.0.0.1 only."""
    from atlas.cli.publishing import serve_and_report

    serve_and_report(config_path, port)


@cli.command()
@click.argument("pattern", default="*")
def models(pattern: str) -> None:
    """List the models that can be rendered.

    PATTERN is a glob such as "*vit*"; without it, all are listed.
    """
    from atlas.cli.listing import list_models

    list_models(pattern)


@cli.command()
@click.argument("model")
@click.option("-c", "--config", "config_path", type=FILE, help="Configuration file.  [default: atlas.toml, if there]")
@click.option("--source", help='"timm", "package" or "callable", where the name leaves it open.')
def layers(model: str, config_path: Path | None, source: str | None) -> None:
    """List the layers of MODEL with their unit counts.

    MODEL is the name of a model in the configuration, or one that `atlas models` lists, or your_module:function. No
    weights are fetched.
    """
    from atlas.cli.listing import list_layers

    list_layers(model, source, config_path)


@cli.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=FILE, help="File to write, such as natural.npy.")
@click.option(
    "--size",
    type=click.IntRange(32, 4096),
    default=512,
    show_default=True,
    help="Side that photos are scaled to, even.",
)
def spectrum(photos: tuple[Path, ...], output: Path, size: int) -> None:
    """Make a natural spectrum from your own photos.

    PHOTOS are files, or folders that are searched with all below. The result is for MACO's "spectrum" parameter.
    """
    from atlas.cli.starting import make_spectrum

    make_spectrum(photos, output, size)


@cli.command()
@click.argument("answers", nargs=-1, required=True, type=click.Path(path_type=Path))
@CONFIG
@click.option("--study", default="", metavar="DIGEST", help="An earlier study that the store keeps; files name theirs.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON, with each description.")
@click.option("--csv", "csv_path", type=FILE, help="File to write the table into.")
def study(answers: tuple[Path, ...], config_path: Path, study: str, as_json: bool, csv_path: Path | None) -> None:
    """Make the table of a study of people from their answers.

    ANSWERS are the files that the study's page saved or posted. Those of another study, broken, repeated or incomplete
    ones are named and left out, as are those of people who answered the catch question wrongly.
    """
    from atlas.cli.studying import study_and_report

    study_and_report(config_path, answers, study, as_json, csv_path)
