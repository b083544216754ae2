"""Fetches an open_clip model from a hub: pinned, verified, resumable, and polite without a network.

The ordinary huggingface_hub client does the work, with its progress bar; an interrupted download
goes on where it stopped. What was fetched is written down in `fetched.json`, last of all: a folder
with it is whole, and is used again without asking the network.
"""

import hashlib
import importlib
import importlib.util
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub import errors as hub_errors

from models.errors import CannotExport, NoNetwork, UnknownModel

FETCHED: Final = "fetched.json"
CONFIG: Final = "open_clip_config.json"
WEIGHTS: Final = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
BESIDE: Final = (CONFIG, "tokenizer.json", "LICENSE", "LICENSE.md")
PREFIX: Final = "hf-hub:"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What lies in a folder: `revision` is a commit, `checksums` sha256 by file name."""

    repository: str
    revision: str
    licence: str
    checksums: dict[str, str]


def fetch(
    repository: str, folder: Path, revision: str | None = None, endpoint: str | None = None
) -> Fetched:
    """Bring `repository` (ORGANISATION/NAME) at `revision` into `folder`.

    Without a revision the newest one is taken, and pinned in `fetched.json` from then on.
    Raises UnknownModel, NoNetwork, or CannotExport when a file is not what the hub promised.
    """
    held = find_fetched(folder)
    if held is not None and held.repository == repository and revision in (None, held.revision):
        _require_whole(held, folder)
        return held
    with _translated(repository):
        about = HfApi(endpoint=endpoint).model_info(
            repository, revision=revision, files_metadata=True
        )
        commit = str(about.sha)
        promised = {s.rfilename: _promised(s) for s in about.siblings or ()}
        wanted = _wanted(repository, promised)
        for name in wanted:
            hf_hub_download(repository, name, revision=commit, local_dir=folder, endpoint=endpoint)
    sums = {name: _digest(folder / name) for name in wanted}
    for name, found in sums.items():
        if promised[name] not in ("", found):
            (folder / name).unlink()
            raise CannotExport(repository, f"{name} arrived damaged; fetch it again")
    fetched = Fetched(repository, commit, _licence(about), sums)
    (folder / FETCHED).write_text(json.dumps(asdict(fetched), indent=1) + "\n", encoding="utf-8")
    return fetched


def repository_of(arch: str, tag: str) -> str:
    """The hub's repository of open_clip's weights `tag` of `arch`; raises UnknownModel."""
    from models.openclip_shim import declare_missing_operators

    keep = declare_missing_operators()
    import open_clip

    del keep
    held = (open_clip.get_pretrained_cfg(arch, tag) or {}).get("hf_hub", "")
    if not held:
        raise UnknownModel(f"{arch} {tag}", tuple(open_clip.list_pretrained_tags_by_model(arch)))
    return "/".join(held.split("/")[:2])


def find_fetched(folder: Path) -> Fetched | None:
    """What an earlier `fetch` wrote into `folder`, or None."""
    try:
        return Fetched(**json.loads((folder / FETCHED).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _require_whole(held: Fetched, folder: Path) -> None:
    for name, wanted in held.checksums.items():
        if not (folder / name).is_file() or _digest(folder / name) != wanted:
            (folder / FETCHED).unlink()
            raise CannotExport(str(folder), f"{name} is not what was fetched; fetch it again")


def _wanted(repository: str, names: Iterable[str]) -> list[str]:
    there = set(names)
    weights = next((name for name in WEIGHTS if name in there), None)
    if weights is None:
        raise CannotExport(repository, f"it holds no open_clip weights ({', '.join(WEIGHTS)})")
    return [weights, *(name for name in BESIDE if name in there)]


def _promised(sibling: Any) -> str:
    lfs = getattr(sibling, "lfs", None)
    return "" if lfs is None else str(getattr(lfs, "sha256", "") or "")


def _licence(about: Any) -> str:
    card = getattr(about, "card_data", None)
    return str(getattr(card, "license", None) or "unknown")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _translated(repository: str) -> Iterator[None]:
    try:
        yield
    except (hub_errors.RepositoryNotFoundError, hub_errors.RevisionNotFoundError) as cause:
        raise UnknownModel(repository, ("ORGANISATION/NAME as the hub spells it",)) from cause
    except _unreachable() as cause:
        raise NoNetwork(repository, (str(cause).splitlines() or [""])[0][:200]) from cause


def _unreachable() -> tuple[type[Exception], ...]:
    """What tells that the hub did not answer. Its client also lets through the errors of its
    transport: those of httpx, since hub 2 those of httpx2."""
    known = (hub_errors.HfHubHTTPError, hub_errors.OfflineModeIsEnabled,
             hub_errors.LocalEntryNotFoundError, OSError)  # fmt: skip
    transports = (name for name in ("httpx", "httpx2") if importlib.util.find_spec(name))
    return (*known, *(importlib.import_module(name).HTTPError for name in transports))
