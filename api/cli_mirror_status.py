"""`vistazo mirror status`: how the mirror on this machine is, in words."""

import json
import time
from typing import Any

import typer

from api.cli_mirror_options import DEFAULT_PLACE, PlaceOption
from api.cli_options import JsonOption, aside, say_json
from api.cli_plain import plain

STATUS = "status.json"
_STALE_S = 5.0  # it is written every second


def status(state: PlaceOption = DEFAULT_PLACE, as_json: JsonOption = False) -> None:
    """How the mirror on this machine is: camera, ring, disk, server, last gap.

    Exit code 1 where none runs here, or where its camera or its server is missed.
    """
    try:
        fields = json.loads((state / STATUS).read_text("utf-8"))
        age_s = time.time() - (state / STATUS).stat().st_mtime
    except (OSError, ValueError) as cause:
        aside().print(f"No mirror has reported in {state}: is `vistazo mirror run` running?")
        raise typer.Exit(1) from cause
    runs = age_s < _STALE_S
    if as_json:
        say_json(fields)
    else:
        for name, value in _facts(fields, runs=runs, age_s=age_s):
            typer.echo(f"{name:<16} {plain(value)}")
    if not (runs and fields.get("camera_ok") and fields.get("server_ok")):
        raise typer.Exit(1)


def _facts(fields: dict[str, Any], *, runs: bool, age_s: float) -> list[tuple[str, str]]:
    """What a person wants to know, worst first."""
    lost = f"LOST: {fields.get('camera_says', '')}"
    gap = fields.get("last_gap_at")
    facts = [
        ("mirror", "runs" if runs else f"does not run: its last word is {age_s:.0f} s old"),
        ("indicator", fields.get("indicator", "off")),
        ("camera", f"{fields.get('camera', '')}  {'' if fields.get('camera_ok') else lost}"),
        ("frames a second", f"{fields.get('frames_per_s', 0)}"),
        ("ring", f"{fields.get('ring_s', 0)} s, {fields.get('ring_bytes', 0) / 1e6:.1f} MB"),
        ("last gap", gap or "none"),
        ("server", "answers" if fields.get("server_ok") else "does NOT answer"),
        ("waiting clips", f"{len(fields.get('waiting', ()))}"),
        ("disk", f"{fields.get('disk_free_bytes', 0) / 1e9:.1f} GB free"),
        ("encoder", fields.get("encoder") or "-"),
        ("watches", fields.get("watch", "off")),
    ]
    refused = fields.get("refused", {})
    return [*facts, *((f"no clip {clip_id}", why) for clip_id, why in refused.items())]
