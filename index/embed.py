"""Rows of a catalogue become entries: pictures read, seen, embedded, with the words of the title.

Safe to use from several threads at once: reading, decoding and encoding all let go of the
interpreter, so each thread takes a handful of rows through all of it.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from index.blend import words_of
from index.entry import Entry, SeenPicture
from index.errors import BadRow
from index.examine import PictureFile, digest_of, read_picture, see_traits
from index.product import Picture
from index.row import Row
from index.traits import Traits
from vision.decode import Limits
from vision.embedding import Embedding
from vision.encoder import Encoder
from vision.errors import NotAPicture, NotWords, PictureTooLarge
from vision.photo import Pixels

PICTURES_AT_ONCE = 16  # beyond, a batch gains nothing and the first result comes later
MAX_REMEMBERED_WORDS = 20_000  # 32 MB of 400 dimensions


@dataclass(slots=True)
class Embedded:
    """What became of some rows; `held` are entries that the shop holds just so already."""

    entries: list[Entry] = field(default_factory=list)
    held: list[Entry] = field(default_factory=list)
    rejected: list[BadRow] = field(default_factory=list)
    encoded: int = 0
    traits: dict[str, Traits] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A picture of these bytes that the shop has seen before."""

    own: Embedding
    pixel_digest: str


@dataclass(slots=True, eq=False)
class _Looked:
    """A picture on its way: `known`, or `pixels` still to be encoded."""

    row: Row
    path: str
    file: PictureFile
    known: Known | None
    pixels: Pixels | None


class Embedder:
    """Makes entries of rows with one encoder.

    `find_known(sha256)` spares the encoder the pictures that the shop has seen, `is_held(entry)`
    the words of what is there already; `clock_ns` is wall time.
    """

    def __init__(
        self,
        encoder: Encoder,
        title_weight: float,
        find_known: Callable[[str], Known | None],
        is_held: Callable[[Entry], bool],
        *,
        limits: Limits,
        clock_ns: Callable[[], int],
    ) -> None:
        self._encoder = encoder
        self._title_weight = title_weight
        self._find_known = find_known
        self._is_held = is_held
        self._limits = limits
        self._clock_ns = clock_ns
        self._words: dict[str, Embedding | None] = {}
        self._remembering = threading.Lock()

    def entries(self, rows: Sequence[Row]) -> Embedded:
        """An entry for each row with at least one picture that can be seen, the rest rejected.

        Raises EncoderBroken, EncoderBusy.
        """
        done = Embedded()
        looked = [found for row in rows for found in self._look(row, done)]
        self._encode(looked, done)
        bare = [self._entry(row, looked) for row in rows]
        new = [entry for entry in bare if entry.pictures and not self._is_held(entry)]
        done.held = [entry for entry in bare if entry.pictures and entry not in new]
        words = self.words([entry.words for entry in new])
        done.entries = [replace(e, words_embedding=words.get(e.words)) for e in new]
        return done

    def words(self, texts: Sequence[str]) -> dict[str, Embedding | None]:
        """The embedding of each text; None for what the encoder cannot read ("" above all)."""
        wanted = list(dict.fromkeys(texts))
        with self._remembering:
            found = {t: self._words[t] for t in wanted if t in self._words}
        missing = [t for t in wanted if t and t not in found]
        for start in range(0, len(missing), PICTURES_AT_ONCE):
            part = missing[start : start + PICTURES_AT_ONCE]
            found.update(zip(part, embed_words(self._encoder, part), strict=True))
        with self._remembering:
            if len(self._words) + len(missing) > MAX_REMEMBERED_WORDS:
                self._words.clear()
            self._words.update((t, found[t]) for t in missing)
        return found

    def _look(self, row: Row, done: Embedded) -> list[_Looked]:
        looked = []
        for path in row.images:
            try:
                file = read_picture(path, self._limits, self._clock_ns())
                known = self._find_known(file.sha256)
                pixels = None
                if known is None:
                    pixels, traits = see_traits(file.data, self._encoder.spec, self._limits)
                    done.traits[file.sha256] = traits
            except (NotAPicture, PictureTooLarge) as refused:
                done.rejected.append(_rejected(row, path, refused))
                continue
            light = PictureFile(b"", file.sha256, file.stamp)
            looked.append(_Looked(row, str(path), light, known, pixels))
        return looked

    def _entry(self, row: Row, looked: Sequence[_Looked]) -> Entry:
        seen = tuple(
            SeenPicture(
                Picture(row.product.sku, n, one.path, one.file.sha256, one.known.pixel_digest),
                one.known.own,
                one.file.stamp,
            )
            for n, one in enumerate(x for x in looked if x.row is row)
            if one.known is not None
        )
        text = words_of(row.product, self._title_weight)
        whole = len(seen) == len(row.images)  # else the next run has to tell the rest again
        digest = row.digest if whole else None
        return Entry(row.product, seen, text, from_source=True, row_digest=digest)

    def _encode(self, looked: Sequence[_Looked], done: Embedded) -> None:
        new = [one for one in looked if one.pixels is not None]
        for start in range(0, len(new), PICTURES_AT_ONCE):
            part = new[start : start + PICTURES_AT_ONCE]
            batch = np.stack([one.pixels for one in part if one.pixels is not None])
            for one, own, pixels in zip(part, self._encoder.pictures(batch), batch, strict=True):
                one.known, one.pixels = Known(own, digest_of(pixels)), None
        done.encoded += len(new)


def _rejected(row: Row, path: Path, refused: NotAPicture | PictureTooLarge) -> BadRow:
    """The eye's reason, with what to look for."""
    if isinstance(refused, PictureTooLarge):
        return BadRow(row.line, row.product.sku, "picture_too_large", f"{path.name}: {refused}")
    code = "not_a_picture" if path.is_file() else "missing_picture"
    return BadRow(row.line, row.product.sku, code, f"{path.name}: {refused.reason}")


def embed_words(encoder: Encoder, texts: Sequence[str]) -> list[Embedding | None]:
    """The embedding of each text, None for those that the encoder cannot read."""
    if not texts:
        return []
    try:
        return list(encoder.words(texts))
    except NotWords:
        if len(texts) == 1:
            return [None]
        return [embedding for text in texts for embedding in embed_words(encoder, [text])]
