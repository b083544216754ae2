"""Words become token ids, without torch: a thin skin over the `tokenizers` library."""

import html
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from vision.errors import BadModel, NotWords
from vision.spec import EncoderSpec

MAX_CHARACTERS: Final = 1_000
"""A query longer than this is no query: refused before any work is spent on it."""
Ids = npt.NDArray[np.int64]


class Tokens:
    """The tokenizer of one model: `vocabulary` is a `tokenizers` JSON file.

    Texts longer than the model's context are cut, the shorter ones of a batch padded: as the file
    itself says where it says so (some towers were trained on padding), else to the longest.
    Raises BadModel at construction when the vocabulary cannot be read or is of another kind.
    """

    def __init__(self, spec: EncoderSpec) -> None:
        if spec.tokeniser not in ("wordpiece", "clip-bpe", "tokenizers-json"):
            raise BadModel(spec.name, f"its tokeniser {spec.tokeniser!r} is not known here")
        try:
            self._tokenizer = Tokenizer.from_file(str(spec.vocabulary))
        except Exception as cause:  # the library raises bare Exception, nothing else
            raise BadModel(spec.name, f"its vocabulary cannot be read ({cause})") from cause
        self._tokenizer.enable_truncation(spec.context_length)
        if self._tokenizer.padding is None:
            self._tokenizer.enable_padding()

    def encode(self, texts: Sequence[str]) -> tuple[Ids, Ids]:
        """(ids, mask), int64 (N, L), L the longest text's length, at most the context length.

        Raises NotWords when there is no text, or one is blank or too long.
        """
        if not texts:
            raise NotWords("there are none")
        for text in texts:
            if not text.strip():
                raise NotWords("they are empty")
            if len(text) > MAX_CHARACTERS:
                raise NotWords(f"{len(text):,} characters are more than {MAX_CHARACTERS:,}")
        found = self._tokenizer.encode_batch([_readable(t) for t in texts])
        ids = np.array([f.ids for f in found], np.int64)
        mask = np.array([f.attention_mask for f in found], np.int64)
        return ids, mask


def _readable(text: str) -> str:
    """`text` with HTML entities undone (twice, as CLIP's own cleaning does: pages escape twice)
    and without lone surrogates, which no tokenizer takes: each becomes a question mark."""
    return html.unescape(html.unescape(text)).encode("utf-8", "replace").decode("utf-8")
