"""`vistazo mirror`: tend a camera, see how it is, prove the clips, give a pass."""

import json
import os
import secrets
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli_mirror_check import check
from api.cli_mirror_options import (
    DEFAULT_PEOPLE,
    DEFAULT_PLACE,
    EncoderOption,
    PeopleOption,
    PlaceOption,
    WatchOption,
)
from api.cli_mirror_status import STATUS, status
from api.cli_options import JsonOption, aside
from api.cli_people import RETENTION_H, RetentionOption, mirror_libraries, tended_studio
from api.mirror_tended import Wishes, open_attendant, open_camera
from mirror.guard import Watch

if TYPE_CHECKING:
    from mirror.attendant import Attendant

PAGE_PASS = "page.pass"
PASS_VARIABLE = "VISTAZO_MIRROR_PASS"


def mirror_cli() -> typer.Typer:
    """The group `mirror` with its commands."""
    cli = typer.Typer(
        name="mirror",
        help="The memory mirror: cameras, clips, and the people they belong to.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    cli.command("run")(run)
    cli.command("serve")(serve)
    cli.command("status")(status)
    cli.command("check")(check)
    cli.command("pass")(give_pass)
    cli.command("verify-receipt")(verify_receipt)
    return cli


def run(
    camera: Annotated[
        str,
        typer.Option(
            help="/dev/video0, rtsp://…, http://… (MJPEG), a video file, or `browser`: the "
            "mirror's own page is the camera, with fewer guarantees."
        ),
    ],
    server: Annotated[str, typer.Option(help="The server, for example https://shop.example.")],
    mirror_id: Annotated[str, typer.Option("--id", help="This mirror's id at the server.")],
    state: PlaceOption = DEFAULT_PLACE,
    status_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the status page on this machine; 0: any.")
    ] = 8011,
    encoder: EncoderOption = "x264",
    second_person: WatchOption = Watch.PAUSE,
) -> None:
    """Tend one mirror until Ctrl-C. Its pass is read from VISTAZO_MIRROR_PASS."""
    token = os.environ.get(PASS_VARIABLE, "")
    if not token:
        raise typer.BadParameter(f"set {PASS_VARIABLE} to the pass that making the mirror gave you")
    from api.cli_serve import listen

    with mirror_libraries():
        import websockets  # noqa: F401  what uvicorn carries the live picture with

        from api.mirror_desk import HttpDesk
        from api.mirror_door import mirror_door, serving
        from api.mirror_relay import Relay
        from mirror.browser_camera import BrowserCamera
    from mirror.memory import forbid_dumps, lock_memory, open_swaps

    forbid_dumps()
    if not lock_memory():
        for swap in open_swaps():
            aside().print(
                f"Warning: frames may reach the swap {swap}. Switch it off or encrypt it."
            )
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    listener = listen("127.0.0.1", status_port)
    eye = open_camera(camera, encoder)
    desk = HttpDesk(server, mirror_id, token)
    attendant = open_attendant(eye, desk, Wishes(state, encoder, second_person))
    page_pass = _page_pass(state)
    feeds = eye if isinstance(eye, BrowserCamera) else None
    door = mirror_door(attendant, Relay(server, mirror_id, token), page_pass, feeds)
    stop = threading.Event()
    for signal_ in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_, lambda *_: stop.set())
    with serving(door, listener) as url:
        aside().print(f"Tending mirror {mirror_id}, see {url}  (Ctrl-C stops)", soft_wrap=True)
        aside().print(f"The mirror's own page: {url}mirror#{page_pass}", soft_wrap=True)
        thread = threading.Thread(target=attendant.run, args=(stop,))
        thread.start()
        while not stop.wait(1.0):
            _write_status(attendant, state)
        thread.join()
    _write_status(attendant, state)


def serve(
    people: PeopleOption = DEFAULT_PEOPLE,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0: a free one.")] = 8010,
    retention_h: RetentionOption = RETENTION_H,
    as_json: JsonOption = False,
) -> None:
    """Serve people, visits and clips by themselves, for mirrors and their pages."""
    from api.cli_serve import address_of, listen, serve_until_stopped

    with mirror_libraries():
        from api.people import people_app

    listener = listen(host, port)
    with tended_studio(people, retention_h) as studio:
        url = address_of(host, listener)
        if as_json:
            typer.echo(json.dumps({"url": url}))
        else:
            aside().print(f"Mirrors at {url}  (Ctrl-C stops)")
        serve_until_stopped(people_app(studio), listener)


def give_pass(
    name: Annotated[str, typer.Argument(help="Who will hold it, for the log.")],
    role: Annotated[str, typer.Option(help="operator or staff")] = "operator",
    days: Annotated[float, typer.Option(min=0.01, max=3650)] = 90.0,
    people: PeopleOption = DEFAULT_PEOPLE,
) -> None:
    """Give a person of the shop a pass; it is shown this once."""
    from customers.access import Caller, Role
    from customers.passes import Passes
    from mirror.clock import SystemClock

    if role not in (Role.OPERATOR.value, Role.STAFF.value):
        raise typer.BadParameter("a pass is for role operator or staff", param_hint="--role")
    passes = Passes(people / "people")
    typer.echo(passes.issue(Caller(Role(role), name), SystemClock().now(), days * 86_400))
    passes.close()


def verify_receipt(
    receipt: Annotated[Path, typer.Argument(help="The receipt's JSON file.", exists=True)],
    key: Annotated[str, typer.Option(help="The shop's public key, in hex.")],
) -> None:
    """Verify a receipt of forgetting; needs no server."""
    from customers.errors import BadReceipt

    with mirror_libraries():
        from customers.receipt import verify

    try:
        fields = json.loads(receipt.read_text("utf-8"))
        fields.pop("public_key", None)  # whoever wrote it may have forged both
        found = verify(fields, key)
    except (BadReceipt, ValueError, AttributeError) as cause:
        aside().print(str(cause))
        raise typer.Exit(1) from cause
    typer.echo(
        f"It holds: customer {found.customer_id} was forgotten at {found.finished_at.isoformat()}, "
        f"{len(found.files)} files and her key {found.key_fingerprint[:16]}… were destroyed."
    )


def _page_pass(state: Path) -> str:
    """What opens the mirror's own page: made once, so that a screen may start with its address."""
    from customers.files import write_whole

    path = state / PAGE_PASS
    if not path.exists():
        write_whole(path, secrets.token_urlsafe(24).encode(), mode=0o600)
    return path.read_text("ascii")


def _write_status(attendant: "Attendant", state: Path) -> None:
    """Atomic, but not synced: it is of interest for a second."""
    from api.mirror_forms import state_json

    fields: dict[str, Any] = state_json(attendant.state())
    part = state / f"{STATUS}.part"
    part.write_text(json.dumps(fields, indent=2), "utf-8")
    part.replace(state / STATUS)
