"""`vistazo demo`: from nothing to a shop in the browser."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli_options import DEFAULT_MODEL, ModelOption, aside, settings_of
from api.cli_serve import PortOption, address_of, listen, run_server

if TYPE_CHECKING:
    from api.phone import Certificate

DEMO_FOLDER = Path("demo-shop")
HOST = "127.0.0.1"


def demo(
    catalogue: Annotated[
        Path | None,
        typer.Option("--catalogue", help="Your own catalogue instead of a drawn one."),
    ] = None,
    shop: Annotated[
        Path | None,
        typer.Option("--shop", help="Where the shop is kept; a folder in ./demo-shop by default."),
    ] = None,
    port: PortOption = 8000,
    model: ModelOption = DEFAULT_MODEL,
    phone: Annotated[
        bool,
        typer.Option(
            "--phone",
            help="Open it to the local network, over https, and show a QR code for a phone.",
        ),
    ] = False,
) -> None:
    """Build a shop and serve it. Without a catalogue, one of some 300 products is drawn."""
    from api.cli_index import show_outcome
    from api.indexing import demand_products, index_source
    from api.shop import open_shop

    address, certificate = phone_door() if phone else (HOST, None)
    listener = listen("0.0.0.0" if phone else HOST, port)
    folder = shop or DEMO_FOLDER / (name_of(catalogue) if catalogue else "drawn")
    source = catalogue or drawn_catalogue(folder)
    settings = settings_of(shop=folder, model=model)
    outcome = index_source(settings, source, allow_removals=False, quiet=False)
    show_outcome(outcome, folder)
    demand_products(outcome, source)
    opened = open_shop(settings)
    listener.listen()
    if certificate is None:
        aside().print(f"\nOpen {address_of(HOST, listener)} in a browser. Ctrl-C stops.")
    else:
        invite_phone(f"https://{address}:{listener.getsockname()[1]}")
    run_server(opened, listener, settings, certificate=certificate)


def phone_door() -> "tuple[str, Certificate]":
    """This machine's address in its network, and a certificate for it."""
    from api.phone import certificate_for, local_address

    address = local_address()
    return address, certificate_for(DEMO_FOLDER / "phone", address)


def invite_phone(url: str) -> None:
    """Say how a phone gets here."""
    from api.phone import qr_code

    typer.echo(qr_code(url), err=True)
    aside().print(
        f"\n{url}\n\nPoint a phone in the same network at the code, or open the address there.\n"
        "It warns once that it does not know this certificate: this machine made it. "
        "Everybody in this network can search while the demo runs. Ctrl-C stops."
    )


def drawn_catalogue(folder: Path) -> Path:
    """The catalogue of a shop drawn into `folder`, in a process of its own, once."""
    drawn = folder / "drawn"
    catalogue = drawn / "catalogue.csv"
    if not catalogue.is_file():
        aside().print("Drawing a shop …")
        command = [sys.executable, "-m", "models.drawn_shop", str(drawn)]
        if code := _run_apart(command):
            raise OSError(f"Drawing the shop failed with exit code {code}.")
    return catalogue


def _run_apart(command: list[str]) -> int:
    """Run `command` and return its exit code; on Ctrl-C let it tidy up before this process ends.

    In a session of its own it does not hear Ctrl-C itself, which would end in a traceback while it
    still imports: a termination is silent there.
    """
    with subprocess.Popen(command, start_new_session=True) as process:  # it shows its own progress
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise


def name_of(catalogue: Path) -> str:
    """A folder's name for a catalogue: readable, and its own for each place it may lie in."""
    place = catalogue.absolute()
    readable = place.parent.name if place.stem == "catalogue" else place.stem
    return f"{readable or 'shop'}-{hashlib.sha256(str(place).encode()).hexdigest()[:8]}"
