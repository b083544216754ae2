"""Turns an open_clip model into our two ONNX graphs (torch; workshop only).

image: `pixels` uint8 (N, S, S, 3) → `vector` float32 (N, D), unit length, normalisation inside.
words: `ids` int64 (N, L) → `vector` likewise. N is free in both; L too where the tower is causal.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import onnx
import torch
from torch import nn

from models.errors import CannotExport
from models.openclip import Loaded
from models.openclip_tokens import pad_to_context, write_clip_tokeniser, write_given_tokeniser
from models.openclip_towers import PictureTower, WordsTower, cuts_padding
from vision.spec import Tokeniser

OPSET: Final = 18  # LayerNormalization and split ReduceMean; ONNX Runtime >= 1.14 reads it
OUTPUT: Final = "vector"
SAMPLE: Final = 2
"""Pictures in the example batch: one would be baked in as a constant."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The three files of an exported model, and how its words are cut."""

    image_graph: Path
    words_graph: Path
    vocabulary: Path
    tokeniser: Tokeniser


def export(loaded: Loaded, folder: Path, tokeniser_json: Path | None = None) -> Exported:
    """Write `image.onnx`, `words.onnx` and `tokenizer.json` into `folder`, all fp32.

    `tokeniser_json`: the model's own tokenizers file, needed where it does not use CLIP's
    vocabulary (SigLIP). Raises CannotExport.
    """
    if loaded.hub_tokeniser and tokeniser_json is None:
        raise CannotExport(
            loaded.arch, "its words need their own tokeniser; give it with --tokeniser FILE.json"
        )
    folder.mkdir(parents=True, exist_ok=True)
    made = Exported(
        folder / "image.onnx",
        folder / "words.onnx",
        folder / "tokenizer.json",
        "clip-bpe" if tokeniser_json is None else "tokenizers-json",
    )
    side, length = loaded.size_px, loaded.context_length
    pixels = torch.randint(0, 256, (SAMPLE, side, side, 3), dtype=torch.uint8)
    _write(PictureTower(loaded), pixels, made.image_graph, "pixels", {0: "n"})
    free = {0: "n", 1: "l"} if cuts_padding(loaded) else {0: "n"}
    ids = torch.ones((SAMPLE, length - 1 if 1 in free else length), dtype=torch.int64)
    _write(WordsTower(loaded), ids, made.words_graph, "ids", free)
    if tokeniser_json is not None:
        write_given_tokeniser(tokeniser_json, made.vocabulary, length, canonical=loaded.canonical)
    else:
        write_clip_tokeniser(made.vocabulary, length)
        if 1 not in free:
            pad_to_context(made.vocabulary, length)
    return made


def _write(
    tower: nn.Module, sample: torch.Tensor, path: Path, name: str, free: dict[int, str]
) -> None:
    try:
        with _plain_attention(), torch.inference_mode():
            torch.onnx.export(
                tower.eval(),
                (sample,),
                str(path),
                input_names=[name],
                output_names=[OUTPUT],
                dynamic_axes={name: free, OUTPUT: {0: "n"}},
                opset_version=OPSET,
                dynamo=False,  # the new exporter's graphs of these towers are no faster
            )
        onnx.checker.check_model(str(path))
    except (RuntimeError, onnx.checker.ValidationError, torch.onnx.OnnxExporterError) as cause:
        raise CannotExport(path.name, str(cause).splitlines()[0][:300]) from cause
    tower.eval()  # the exporter leaves the wrapper in training mode


@contextmanager
def _plain_attention() -> Iterator[None]:
    """torch's fused attention has no ONNX form: trace the plain one."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
