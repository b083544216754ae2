"""What is installed, which model, which index; what is wrong and how to mend it."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

import numpy as np

from api.doctor_index import index_findings
from api.doctor_mirror import mirror_findings
from api.doctor_regions import regions_finding
from api.errors import DoorBroken
from api.eye import card_of
from api.finding import Finding
from api.home import DOOR, home_of
from api.keys import Keys
from api.settings import MOST_THREADS, Settings
from index.errors import CatalogueError, NoShop
from index.manifest import MANIFEST_NAME, read_manifest
from index.shelf import Shelf
from vision.encoder import OnnxEncoder
from vision.errors import VisionError

PACKAGES = (
    "numpy", "pillow", "pi-heif", "opencv-python-headless", "onnxruntime", "tokenizers",
    "faiss-cpu", "fastapi", "uvicorn", "python-multipart", "pydantic", "pydantic-settings",
    "typer", "rich",
)  # fmt: skip
OPTIONAL = {"pyarrow": "Parquet catalogues"}
SOON_DAYS = 14
NO_KEYS = "none yet: only this machine may write (vistazo keys create admin --name YOU)"
LEAST_FREE_BYTES = 500_000_000
PICTURES_LOOKED_AT = 200


def examine(settings: Settings, *, shop_named: bool) -> list[Finding]:
    """Look at everything once; never raises for what is merely broken.

    A shop that is not there is wrong if it was named (`shop_named`): only the default one may still
    be to come.
    """
    findings = [_python(), _vistazo(), *_packages(), _threads(settings)]
    model, encoder = _model(settings)
    findings.append(model)
    if encoder is not None:
        findings.append(_encoding(encoder))
        findings.extend(_shop(settings, encoder, named=shop_named))
    findings.append(regions_finding(settings))
    return [*findings, *mirror_findings(), *_keys(settings.shop), _disk(settings.shop)]


def _python() -> Finding:
    return Finding("python", True, f"{platform.python_version()} ({sys.executable})")


def _vistazo() -> Finding:
    from api.version import own_version

    return Finding("vistazo", True, own_version())


def _packages() -> Iterator[Finding]:
    for name in PACKAGES:
        try:
            yield Finding(name, True, version(name))
        except PackageNotFoundError:
            yield Finding(name, False, "not installed", f"pip install {name}")
    for name, purpose in OPTIONAL.items():
        try:
            yield Finding(name, True, f"{version(name)} ({purpose})")
        except PackageNotFoundError:
            yield Finding(name, True, f"not installed; only needed for {purpose}")


def _threads(settings: Settings) -> Finding:
    """What is shared out among the cores, and whether the machine or the operator decided it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    said = settings.model_fields_set
    threads = "as you set" if "threads" in said else f"a core each, {MOST_THREADS} at most"
    batch = "batching off" if settings.batch == 1 else f"up to {settings.batch} pictures together"
    workers = "as you set" if "workers" in said else "by the cores"
    detail = (
        f"{cores} cores; encoding: {settings.lanes} runs at once, {settings.threads} threads for a "
        f"lone one ({threads}), {batch}; {settings.workers} requests worked on at once ({workers})"
    )
    return Finding("threads", True, detail)


def _model(settings: Settings) -> tuple[Finding, OnnxEncoder | None]:
    try:
        spec = card_of(settings.model, settings.store).spec
        encoder = OnnxEncoder(spec, threads=settings.threads)
    except (VisionError, OSError) as error:
        cure = "Install Vistazo again, or name another model with --model."
        return Finding("model", False, str(error), cure), None
    detail = (
        f"{spec.name} {spec.version}, checksums right, {spec.size_px} px → "
        f"{spec.dimension} dimensions"
    )
    return Finding("model", True, detail), encoder


def _encoding(encoder: OnnxEncoder) -> Finding:
    side = encoder.spec.size_px
    grey = np.full((1, side, side, 3), 127, np.uint8)
    times = []
    try:
        for _ in range(5):
            start = perf_counter()
            encoder.pictures(grey)
            times.append((perf_counter() - start) * 1000)
    except VisionError as error:
        return Finding("encoding", False, str(error), "Install Vistazo again.")
    return Finding("encoding", True, f"{sorted(times)[2]:.1f} ms a picture")


def _shop(settings: Settings, encoder: OnnxEncoder, *, named: bool) -> Iterator[Finding]:
    folder = settings.shop
    try:
        manifest = read_manifest(folder)
    except NoShop:
        if named:
            cure = f"Name another, or make it: vistazo index CATALOGUE --shop {folder}"
            yield Finding("shop", False, f"there is none in {folder}", cure)
        else:
            yield Finding(
                "shop", True, f"none in {folder} yet: `vistazo index CATALOGUE` makes one"
            )
        return
    except CatalogueError as error:
        yield Finding("shop", False, str(error), f"Index it again into a new folder than {folder}.")
        return
    if manifest.space != encoder.spec.space:
        detail = f"it was indexed with {manifest.model} {manifest.version}"
        cure = (
            f"Have this model index it anew: vistazo models use {settings.model} --shop {folder}; "
            "or serve it with --model of that model."
        )
        yield Finding("shop", False, detail, cure)
        return
    try:
        start = perf_counter()
        with Shelf.open(folder, encoder.spec, wish=settings.wish()) as shelf:
            opened_ms = (perf_counter() - start) * 1000
            yield Finding("shop", True, f"{len(shelf):,} products, open in {opened_ms:.0f} ms")
            yield _pictures(shelf, encoder)
            yield from index_findings(shelf)
    except CatalogueError as error:
        yield Finding("shop", False, str(error), "Index the catalogue into a new folder.")


def _pictures(shelf: Shelf, encoder: OnnxEncoder) -> Finding:
    """Whether a search answers, and whether the files of what it finds are still there."""
    from index.query import Query

    side = encoder.spec.size_px
    point = encoder.pictures(np.full((1, side, side, 3), 127, np.uint8))[0]
    hits = shelf.search(Query(point, top=PICTURES_LOOKED_AT, unfold=True)).hits
    paths = [p.path for hit in hits for p in shelf.pictures(hit.product.sku)]
    gone = [path for path in paths if not Path(path).is_file()]
    if gone:
        detail = f"{len(gone)} of {len(paths)} pictures looked at are gone, for example {gone[0]}"
        return Finding("pictures", False, detail, "Put them back, or index the catalogue again.")
    return Finding("pictures", True, f"{len(paths)} looked at, all there")


def _keys(folder: Path) -> Iterator[Finding]:
    """Who may write, and which keys end soon."""
    home = home_of(folder.resolve())
    if not (home / DOOR / "keys.sqlite3").is_file():
        if (home / MANIFEST_NAME).is_file():
            yield Finding("keys", True, NO_KEYS)
        return
    try:
        keys = Keys(home)
    except DoorBroken as error:
        yield Finding("keys", False, str(error), "Move the file away and make new keys.")
        return
    now = datetime.now(UTC)
    working = [key for key in keys.all() if not key.fault(now)]
    soon = [key for key in working if key.fault(now + timedelta(days=SOON_DAYS))]
    if not working:
        detail = "none that works" if keys.any_made() else NO_KEYS
        yield Finding("keys", not keys.any_made(), detail, "vistazo keys create admin --name YOU")
    else:
        detail = f"{len(working)} that work"
        detail += f", {len(soon)} end within {SOON_DAYS} days" if soon else ""
        cure = f"vistazo keys rotate {soon[0].id}" if soon else ""
        yield Finding("keys", True, detail, cure)


def _disk(folder: Path) -> Finding:
    present = next(parent for parent in (folder.absolute(), *folder.absolute().parents)
                   if parent.exists())  # fmt: skip
    free = shutil.disk_usage(present).free
    detail = f"{free / 1e9:,.1f} GB free at {present}"
    if free < LEAST_FREE_BYTES:
        return Finding("disk", False, detail, "Free some space: less than 0.5 GB is left.")
    if not os.access(present, os.W_OK):
        return Finding("disk", False, f"{present} cannot be written", "Change its owner or mode.")
    return Finding("disk", True, detail)
