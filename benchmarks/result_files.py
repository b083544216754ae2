"""Where measurements are kept: benchmarks/results/<name>.json, with the machine that made them."""

import json
import os
import platform
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def save(name: str, result: object) -> None:
    """Store a result with the machine it was measured on."""
    RESULTS.mkdir(exist_ok=True)
    machine = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    text = json.dumps({"machine": machine, "result": result}, indent=1, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", "utf-8")


def processor() -> str:
    """The processor's own name, where Linux tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
