"""What a server in a process of its own says when it listens: `vistazo serve --json`."""

import json
import subprocess
from pathlib import Path
from typing import Any


def announced(server: "subprocess.Popen[bytes]", said: Path) -> dict[str, Any]:
    """The announcement on its standard output, once it has come; `said` is the file of its errors.
    Fails with their end where the server ends before it listens."""
    assert server.stdout is not None
    told = b""
    for line in iter(server.stdout.readline, b""):
        told += line
        if line == b"}\n":
            found: dict[str, Any] = json.loads(told)
            return found
    status, errors = server.wait(60), said.read_text("utf-8", "replace")[-4_000:]
    raise AssertionError(f"the server ended ({status}) before it listened:\n{errors}")
