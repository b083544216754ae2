"""The attendant's status page, on the mirror's own machine: facts only, never a picture."""

import html
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from api.mirror_forms import state_json
from mirror.desk import MirrorState

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Mirror</title>
<style>
 body {{ font: 1.1rem/1.5 system-ui, sans-serif }}
 body {{ max-width: 40rem; margin: 2rem auto; padding: 0 1rem }}
 dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1.5rem }}
 dt {{ color: #555 }} dd {{ margin: 0; overflow-wrap: anywhere }}
 .bad {{ color: #a40000; font-weight: 600 }}
</style></head><body><h1>{title}</h1><dl>{rows}</dl></body></html>"""


@contextmanager
def status_page(state: Callable[[], MirrorState], port: int) -> Iterator[str]:
    """Serve `state()` at 127.0.0.1 while the block runs; its address comes out (port 0: any free).

    `/` for people, renewed every two seconds, `/status.json` for programs; nothing else, and only
    to this machine. Raises OSError where the port is taken.
    """

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pages = {"/": (_page, "text/html"), "/status.json": (_json, "application/json")}
            # A page of another origin whose name points here must not read it (DNS rebinding).
            host = self.headers.get("Host", "").partition(":")[0]
            if self.path not in pages or host not in ("127.0.0.1", "localhost"):
                self.send_error(404)
                return
            write, media = pages[self.path]
            body = write(state()).encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{media}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header(
                "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"
            )
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
            """Nobody needs a line for every look."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _json(state: MirrorState) -> str:
    return json.dumps(state_json(state), indent=2)


def _page(state: MirrorState) -> str:
    gap = state.last_gap_at
    rows = (
        ("Indicator", state.indicator, False),
        ("Camera", f"{state.camera} {state.camera_says}", not state.camera_ok),
        ("Frames a second", f"{state.frames_per_s}", state.frames_per_s < 5),
        ("Ring", f"{state.ring_s:.1f} s, {state.ring_bytes / 1e6:.1f} MB, in memory only", False),
        ("Last gap", gap.strftime("%Y-%m-%d %H:%M:%S UTC") if gap else "none", False),
        ("Server", "answers" if state.server_ok else "does not answer", not state.server_ok),
        ("Waiting clips", f"{len(state.waiting)}", False),
        ("Disk", f"{state.disk_free_bytes / 1e9:.1f} GB free", state.disk_free_bytes < 1e9),
        *((f"Clip {clip_id}", why, True) for clip_id, why in state.refused.items()),
    )
    lines = (
        f"<dt>{html.escape(name)}</dt><dd{' class=bad' if bad else ''}>{html.escape(value)}</dd>"
        for name, value, bad in rows
    )
    well = state.camera_ok and state.server_ok
    return _PAGE.format(title="All is well" if well else "Needs attention", rows="".join(lines))
