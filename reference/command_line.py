"""The page of the command line: every command with every option."""

import inspect
from collections.abc import Iterator

import click

from reference.markdown import prose, table

INTRO = """# Command line

`-c FILE` names another configuration than `atlas.toml`. `atlas COMMAND --help` says what is here, `atlas --help` how to
switch on tab completion.

| exit status | |
|---|---|
| 0 | all done |
| 1 | some jobs failed (they are listed and recorded), or a file could not be read or written |
| 2 | a mistake in the command or the configuration, or a library that is not installed |
| 130 | stopped by Ctrl-C or SIGTERM |
"""


def command_line() -> str:
    """Return the page."""
    from atlas.cli.commands import cli

    context = click.Context(cli, info_name="atlas")
    commands = [(name, cli.get_command(context, name)) for name in cli.list_commands(context)]
    return "\n".join([INTRO, *(_section(name, command, context) for name, command in commands if command)])


def _section(name: str, command: click.Command, parent: click.Context) -> str:
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(["atlas", name, *command.collect_usage_pieces(context)])
    told = prose(inspect.cleandoc(command.help or ""))
    shown = table(("option", "meaning"), _options(command, context))
    return f"## `atlas {name}`\n\n```\n{usage}\n```\n\n{told}\n\n{shown}"


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            yield f"`{record[0]}`", " ".join(record[1].split())
