"""An exported model before it is published: fp32 graphs that proved themselves, and their card.

(torch; workshop only.) The draft appears whole or not at all: a graph that is not its reference's
equal leaves nothing behind.
"""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from models.card import ModelCard, read_card, write_card
from models.closeness import Parity, Vectors, compare
from models.export import Exported, export
from models.gate import require
from models.openclip import Loaded
from models.provenance import Provenance
from models.samples import sample_texts
from vision.encoder import OUTPUT
from vision.photo import Pixels
from vision.session import open_session
from vision.spec import EncoderSpec
from vision.tokens import Tokens

TITLE_WEIGHT: Final = 0.3
"""How much a title counts in a product's vector until somebody measures it on a catalogue: under
the built-in model's .7, for a CLIP's pictures and words lie apart and titles alike."""
BATCH: Final = 8


def make_draft(
    loaded: Loaded,
    told: Provenance,
    pictures: Pixels,
    folder: Path,
    tokeniser_json: Path | None = None,
) -> ModelCard:
    """Export `loaded` into `folder`, prove both graphs on `pictures` and on texts, write the card.

    `pictures`: uint8 (N, S, S, 3), distinct, N ≥ 20. Raises CannotExport, ParityLost,
    FileExistsError.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} exists already: name a new folder")
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        made = export(loaded, part, tokeniser_json)
        spec = _spec(loaded, made, told.name)
        measured = {
            "export, pictures": _proven("image graph", _pictures(loaded, made, pictures)),
            "export, words": _proven("words graph", _words(loaded, spec)),
        }
        write_card(_card(spec, told, measured), part)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return read_card(folder)


def open_clip_pictures(loaded: Loaded, pictures: Pixels) -> Vectors:
    """What open_clip itself answers, normalised by its own settings, outside our wrapper."""
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (loaded.mean, loaded.std))
    rows = []
    with torch.inference_mode():
        for i in range(0, len(pictures), BATCH):
            x = torch.from_numpy(pictures[i : i + BATCH]).permute(0, 3, 1, 2).float() / 255.0
            rows.append(loaded.model.encode_image((x - mean) / std))
        return _unit(torch.cat(rows))


def open_clip_words(loaded: Loaded, ids: npt.NDArray[np.int64]) -> Vectors:
    """What open_clip itself answers to ids, filled up with 0 to its whole context."""
    whole = np.zeros((len(ids), loaded.context_length), np.int64)
    whole[:, : ids.shape[1]] = ids
    with torch.inference_mode():
        return _unit(loaded.model.encode_text(torch.from_numpy(whole)))


def _pictures(loaded: Loaded, made: Exported, pictures: Pixels) -> Parity:
    run = open_session(made.image_graph, output=OUTPUT, threads=torch.get_num_threads())
    parts = range(0, len(pictures), BATCH)
    found = np.concatenate([run({"pixels": pictures[i : i + BATCH]}) for i in parts])
    return compare(open_clip_pictures(loaded, pictures), found)


def _words(loaded: Loaded, spec: EncoderSpec) -> Parity:
    run = open_session(spec.words_graph, output=OUTPUT, threads=torch.get_num_threads())
    ids, _ = Tokens(spec).encode(sample_texts())
    return compare(open_clip_words(loaded, ids), run({"ids": ids}))


def _proven(what: str, parity: Parity) -> Mapping[str, Any]:
    require(what, "fp32", parity)
    return asdict(parity)


def _spec(loaded: Loaded, made: Exported, name: str) -> EncoderSpec:
    sums = [_digest(p) for p in (made.image_graph, made.words_graph, made.vocabulary)]
    version = hashlib.sha256("".join(sums).encode()).hexdigest()[:12]
    return EncoderSpec(
        name=name,
        version=version,
        space=f"{name}/{version}",
        dimension=loaded.dimension,
        size_px=loaded.size_px,
        resize=loaded.resize,
        image_graph=made.image_graph,
        words_graph=made.words_graph,
        vocabulary=made.vocabulary,
        tokeniser=made.tokeniser,
        context_length=loaded.context_length,
        lexicon=None,
        title_weight=TITLE_WEIGHT,
    )


def _card(spec: EncoderSpec, told: Provenance, measured: Mapping[str, Any]) -> ModelCard:
    files = (spec.image_graph, spec.words_graph, spec.vocabulary)
    sums = {path.name: _digest(path) for path in files}
    return ModelCard(spec, told.source, told.licence, told.data, sums, measured)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unit(x: torch.Tensor) -> Vectors:
    return np.asarray(torch.nn.functional.normalize(x.float(), dim=-1).numpy(), np.float32)
