"""Nothing of ours leaves the machine: ONNX Runtime's own reports are off before it is imported."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
from pathlib import Path
from vision.session import open_session
open_session(Path("models/builtin/image.onnx"), output="vector", threads=1)
"""


def test_opening_a_graph_leaves_no_id_and_no_report_behind(tmp_path: Path) -> None:
    said = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    places = {"TMPDIR": str(tmp_path), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", CODE], env=said | places, check=True, timeout=120)
    assert list(tmp_path.rglob("*")) == []
