"""The workshop's own command line: `python -m models export | publish | bench | fetch | adapt`.

`vistazo models …` starts it in a process of its own, so that torch never enters a server.
Exit codes: 0 done, 1 it failed, 2 misused.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.errors import ModelError
from models.provenance import Provenance
from vision.errors import VisionError

PICTURES = 128
ROUNDS = 20


def main(said: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    asked = _parser().parse_args(said)
    try:
        answer = asked.act(asked)
    except (ModelError, VisionError, OSError, ValueError) as error:
        print(f"vistazo: {error}", file=sys.stderr)
        return 1
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return 1 if answer.get("losses") else 0


def _export(asked: argparse.Namespace) -> dict[str, Any]:
    from models.draft import make_draft
    from models.openclip import Weights, load
    from models.openclip_random import enliven
    from models.samples import read_pictures

    if asked.pretrained:
        asked.fetched = asked.out.with_name(f"{asked.out.name}-fetched")
        _fetch(argparse.Namespace(**{**vars(asked), "model": asked.arch, "out": asked.fetched}))
    changes = json.loads(asked.config.read_text("utf-8")) if asked.config else {}
    weights = Weights(asked.checkpoint, asked.fetched, asked.random)
    loaded = load(asked.arch, weights, changes)
    pictures = read_pictures(asked.pictures, loaded.size_px, loaded.resize, PICTURES)
    if asked.random is not None:
        enliven(loaded, pictures[:32])
    tokeniser = asked.tokeniser
    if tokeniser is None and loaded.hub_tokeniser and asked.fetched is not None:
        tokeniser = asked.fetched / "tokenizer.json"
    card = make_draft(loaded, _told(asked), pictures, asked.out, tokeniser)
    return {"draft": str(asked.out), "name": card.name, "measured": card.measured}


def _publish(asked: argparse.Namespace) -> dict[str, Any]:
    from models.publish import Effort, publish
    from models.registry import load_card
    from models.samples import read_pictures

    spec = load_card(asked.draft).spec
    pictures = read_pictures(asked.pictures, spec.size_px, spec.resize, PICTURES)
    effort = Effort(asked.threads, asked.rounds)
    card = publish(asked.draft, asked.store, pictures, effort, accept_licence=asked.accept_licence)
    folder = str(card.spec.image_graph.parent)
    return {"model": f"{card.name}@{card.version}", "folder": folder, **card.measured["bench"]}


def _bench(asked: argparse.Namespace) -> dict[str, Any]:
    from models.bench import table
    from models.publish import Effort, weigh_draft
    from models.registry import load_card
    from models.samples import read_pictures

    spec = load_card(asked.draft).spec
    pictures = read_pictures(asked.pictures, spec.size_px, spec.resize, PICTURES)
    with tempfile.TemporaryDirectory() as work:
        effort = Effort(asked.threads, asked.rounds)
        found = weigh_draft(asked.draft, pictures, Path(work), effort)
        return {"pictures": table(found.pictures), "words": table(found.words)}


def _fetch(asked: argparse.Namespace) -> dict[str, Any]:
    from models.hub import PREFIX, fetch, repository_of

    named = asked.model.removeprefix(PREFIX)
    if not asked.model.startswith(PREFIX):
        named = repository_of(asked.model, asked.pretrained)
    fetched = fetch(named, asked.out, asked.revision)
    return {"folder": str(asked.out), **dataclasses.asdict(fetched)}


def _adapt(asked: argparse.Namespace) -> dict[str, Any]:
    from models.adapt import Asked, adapt, clear
    from models.adapt_progress import bar

    fields = {name: getattr(asked, name) for name in Asked.__slots__}
    with bar(quiet=asked.quiet) as tell:
        answer = adapt(Asked(**fields), tell)
    if answer["published"]:
        clear(asked.work)
    return answer


def _told(asked: argparse.Namespace) -> Provenance:
    """Source and licence: of random weights, of what was fetched, or as said."""
    name, source, licence = asked.name or asked.arch, asked.source, asked.licence
    if asked.random is not None:
        source = f"random weights of seed {asked.random}: proves wiring only"
        licence = "none: random weights"
    elif asked.fetched is not None:
        from models.hub import find_fetched

        fetched = find_fetched(asked.fetched)
        if fetched is not None:
            source = source or f"{fetched.repository} at {fetched.revision}"
            licence = licence or fetched.licence
    source = source or str((asked.checkpoint or asked.fetched).name)
    return Provenance(name, f"open_clip {asked.arch}, {source}", licence or "unknown")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models", description=__doc__)
    commands = parser.add_subparsers(required=True)
    export = commands.add_parser("export", help="open_clip → a draft of two ONNX graphs")
    export.set_defaults(act=_export)
    export.add_argument("arch")
    weights = export.add_mutually_exclusive_group(required=True)
    weights.add_argument("--checkpoint", type=Path)
    weights.add_argument("--fetched", type=Path, help="a folder that `fetch` wrote")
    weights.add_argument("--random", type=int, metavar="SEED")
    weights.add_argument("--pretrained", default="", metavar="TAG", help="fetched beside --out")
    export.add_argument("--revision", help="the commit of --pretrained")
    export.add_argument("--out", type=Path, required=True)
    export.add_argument("--name", default="")
    export.add_argument("--source", default="")
    export.add_argument("--licence", default="")
    export.add_argument("--tokeniser", type=Path)
    export.add_argument("--config", type=Path, help="JSON merged into the architecture's own")
    fetch = commands.add_parser("fetch", help="bring an open_clip model from a hub")
    fetch.set_defaults(act=_fetch)
    fetch.add_argument("model", help="hf-hub:ORGANISATION/NAME, or ARCH with --pretrained TAG")
    fetch.add_argument("--pretrained", default="", metavar="TAG")
    fetch.add_argument("--out", type=Path, required=True)
    fetch.add_argument("--revision", help="a commit; without it the newest, then pinned")
    publish = commands.add_parser("publish", help="quantise, gate, time, choose, store")
    publish.set_defaults(act=_publish)
    publish.add_argument("--store", type=Path, required=True)
    publish.add_argument("--accept-licence", action="store_true")
    bench = commands.add_parser("bench", help="gate and time every candidate of a draft")
    bench.set_defaults(act=_bench)
    _add_adapt(commands.add_parser("adapt", help="learn one shop, publish under a new name"))
    for command in (publish, bench):
        command.add_argument("draft", type=Path)
        command.add_argument("--threads", type=int, default=2)
        command.add_argument("--rounds", type=int, default=ROUNDS)
    for command in (export, publish, bench):
        command.add_argument("--pictures", type=Path, required=True)
    return parser


def _add_adapt(command: argparse.ArgumentParser) -> None:
    command.set_defaults(act=_adapt)
    command.add_argument("table", type=Path)
    command.add_argument("--model", default="builtin")
    command.add_argument("--name", required=True)
    command.add_argument("--store", type=Path, required=True)
    command.add_argument("--work", type=Path, required=True, help="kept until it is published")
    command.add_argument("--judgements", type=Path)
    command.add_argument("--minutes", type=float, default=10.0)
    command.add_argument("--rounds", type=int, help="exactly so many looks, whatever they take")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--threads", type=int, default=2)
    command.add_argument("--dry-run", action="store_true")
    command.add_argument("--quiet", action="store_true")


if __name__ == "__main__":
    sys.exit(main())
