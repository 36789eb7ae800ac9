"""The command line in a folder of its own."""

import pytest
from command_line import CommandLine


@pytest.fixture
def atlas(tmp_path, monkeypatch, capsys):
    return CommandLine(tmp_path, monkeypatch, capsys)
