"""Fixtures of the command line's tests: a folder of one's own, and how a command is run."""

import pytest

from api.__main__ import run
from tests.little_shop import drawn, encoded
from tests.tiny_card import tiny_model


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder of its own, with the tiny model as everybody's model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VISTAZO_SHOP", raising=False)
    monkeypatch.setenv("VISTAZO_MODEL", str(tiny_model(tmp_path / "tiny")))


@pytest.fixture
def call(capsys):
    """Run a command; its exit code, standard output and standard error."""

    def run_it(*arguments):
        code = run([str(a) for a in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_it


@pytest.fixture
def red(tmp_path):
    file = tmp_path / "red.jpg"
    file.write_bytes(encoded(drawn("red")))
    return file
