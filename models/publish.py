"""From a draft to a model that may serve: quantised, gated, timed, chosen, and put into the store.

A model in the store is whole: it is built in a folder beside its place, proven once more through
the very encoder that serves, and renamed.
"""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from models.bench import Weighed, best, table, weigh
from models.candidates import Candidate, picture_candidates, words_candidates
from models.card import ModelCard, write_card
from models.closeness import Vectors, compare
from models.gate import require
from models.licences import require_commercial
from models.placing import new_part, settle
from models.registry import load_card
from models.samples import sample_texts
from vision.encoder import OnnxEncoder
from vision.photo import Pixels
from vision.spec import EncoderSpec
from vision.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Weighing:
    """Both towers' candidates with their figures, and the answers that they were judged by."""

    pictures: list[Weighed]
    words: list[Weighed]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: `threads` of a run, `rounds` in which all take turns."""

    threads: int
    rounds: int


def weigh_draft(draft: Path, pictures: Pixels, work: Path, effort: Effort) -> Weighing:
    """Make, gate and time every candidate of the draft's towers; their files go to `work`.

    Half of `pictures` calibrates, the other half judges. Raises BadModel.
    """
    spec = load_card(draft).spec
    calibrating, judging = pictures[::2], pictures[1::2]
    ids, mask = Tokens(spec).encode(sample_texts())
    seen = list(picture_candidates(spec.image_graph, calibrating, work))
    read = list(words_candidates(spec.words_graph, work))
    pixels = np.ascontiguousarray(judging)
    threads, rounds = effort.threads, effort.rounds
    return Weighing(
        weigh(seen, {"pixels": pixels}, threads=threads, rounds=rounds),
        weigh(read, {"ids": ids, "mask": mask}, threads=threads, rounds=rounds),
    )


def publish(
    draft: Path,
    store: Path,
    pictures: Pixels,
    effort: Effort,
    *,
    accept_licence: bool = False,
    on_weighed: Callable[[Weighing], None] = lambda weighing: None,
) -> ModelCard:
    """Put the fastest graphs of `draft` that pass their gates into `store`; its card there.

    Raises LicenceRefused before any work, BadModel, ParityLost. Nothing is left behind then.
    """
    card = load_card(draft)
    require_commercial(card.name, card.licence, accepted=accept_licence)
    place = store / card.name
    work, part = new_part(place), new_part(place)
    try:
        weighing = weigh_draft(draft, pictures, work, effort)
        on_weighed(weighing)
        made = _assemble(card, weighing, part, effort)
        _prove_once_more(card, made, pictures[1::2], best(weighing.pictures).candidate, effort)
        final = place / made.version
        settle(part, final)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(part, ignore_errors=True)
    return load_card(final)


def _assemble(card: ModelCard, weighing: Weighing, part: Path, effort: Effort) -> ModelCard:
    """Copy the chosen files into `part`, under plain names, with their card."""
    seen, read = best(weighing.pictures).candidate, best(weighing.words).candidate
    sources = {"image.onnx": seen.graph, "words.onnx": read.graph,
               "tokenizer.json": card.spec.vocabulary}  # fmt: skip
    for name, source in sources.items():
        shutil.copyfile(source, part / name)
    sums = {name: _digest(part / name) for name in sources}
    spec = _spec(card.spec, seen, read, part, sums)
    measured = {**card.measured, **_figures(weighing, seen, read, effort)}
    made = replace(card, spec=spec, checksums=sums, measured=measured)
    write_card(made, part)
    return made


def _spec(
    draft: EncoderSpec, seen: Candidate, read: Candidate, part: Path, sums: Mapping[str, str]
) -> EncoderSpec:
    engines = f"{seen.engine} {read.engine}"  # bf16 moves vectors too: part of the identity
    text = "".join(sums[name] for name in sorted(sums)) + engines
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    return replace(
        draft,
        version=version,
        space=f"{draft.name}/{version}",
        image_graph=part / "image.onnx",
        words_graph=part / "words.onnx",
        vocabulary=part / "tokenizer.json",
        image_engine=seen.engine,
        words_engine=read.engine,
    )


def _figures(
    weighing: Weighing, seen: Candidate, read: Candidate, effort: Effort
) -> dict[str, Any]:
    return {
        "bench": {
            "threads": effort.threads,
            "rounds": effort.rounds,
            "pictures": table(weighing.pictures),
            "words": table(weighing.words),
            "chosen": {"pictures": seen.name, "words": read.name},
        }
    }


def _prove_once_more(
    card: ModelCard, made: ModelCard, pictures: Pixels, chosen: Candidate, effort: Effort
) -> None:
    """Raise ParityLost unless the assembled model, served, still is the draft's equal."""
    wanted = _seen_by(card.spec, pictures, effort.threads)
    found = _seen_by(made.spec, pictures, effort.threads)
    parity = compare(wanted, found)
    require(f"{made.name} as served ({asdict(parity)})", chosen.precision, parity)


def _seen_by(spec: EncoderSpec, pictures: Pixels, threads: int) -> Vectors:
    encoder = OnnxEncoder(spec, threads=threads)
    batches = [pictures[i : i + 16] for i in range(0, len(pictures), 16)]
    return np.stack([e.vector for batch in batches for e in encoder.pictures(batch)])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
