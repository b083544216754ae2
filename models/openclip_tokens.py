"""Writes CLIP's byte-pair vocabulary as one `tokenizers` JSON file, which serving reads torch-free.

The merges lie gzipped inside open_clip's wheel (Radford et al. 2021, MIT). What its Python
tokenizer does to a text before (repair curly quotes and full-width letters, lower case, single
blanks) becomes the normaliser of the file; HTML entities are undone by vision/tokens.py.
"""

import gzip
import importlib.util
import string
from pathlib import Path
from typing import Final

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from models.errors import CannotExport

MERGES: Final = 48_894
"""49,152 entries less 256 bytes and 2 special ones: what CLIP was trained with."""
START, END = "<start_of_text>", "<end_of_text>"
WORDS: Final = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
STRAIGHT: Final = {"[\u2018\u2019\u02bc\u201b]": "'", "[\u201c\u201d\u201f]": '"'}
LIGATURES: Final = {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi",
                    "\ufb04": "ffl", "\ufb05": "\u017ft", "\ufb06": "st", "\u0132": "IJ",
                    "\u0133": "ij"}  # fmt: skip
CONTROLS: Final = "[\u0000-\u0008\u000e-\u001b\u007f\ufeff\ufff9-\ufffb]"


def write_clip_tokeniser(path: Path, context_length: int) -> None:
    """Write CLIP's tokeniser to `path`: padded with 0, cut so that the end mark stays.

    Raises CannotExport when open_clip's vocabulary is not where its wheel keeps it.
    """
    tokeniser = Tokenizer(_bytes_and_merges(_merges()))
    tokeniser.normalizer = normalizers.Sequence(_cleaning())
    tokeniser.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    start, end = tokeniser.token_to_id(START), tokeniser.token_to_id(END)
    tokeniser.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, start), (END, end)]
    )
    tokeniser.enable_truncation(context_length)
    tokeniser.enable_padding(pad_id=0, pad_token="!")
    tokeniser.save(str(path))


def write_given_tokeniser(
    source: Path, path: Path, context_length: int, *, canonical: bool = False
) -> None:
    """Write the `tokenizers` JSON file `source` to `path`, padded to the whole context.

    For towers that were trained on padding (SigLIP). `canonical`: words lose their case and ASCII
    punctuation first, as SigLIP's authors do. Raises CannotExport when it cannot be read.
    """
    try:
        tokeniser = Tokenizer.from_file(str(source))
    except Exception as cause:
        raise CannotExport(source.name, f"it is no tokenizers JSON file ({cause})") from cause
    if canonical:
        own = [tokeniser.normalizer] if tokeniser.normalizer is not None else []
        tokeniser.normalizer = normalizers.Sequence([*_canonical(), *own])
    held = tokeniser.padding or {}
    pad = tokeniser.token_to_id("<pad>")
    tokeniser.enable_truncation(context_length)
    tokeniser.enable_padding(
        length=context_length,
        pad_id=held.get("pad_id", 0 if pad is None else pad),
        pad_token=held.get("pad_token", "<pad>"),
    )
    tokeniser.save(str(path))


def pad_to_context(path: Path, context_length: int) -> None:
    """Make the tokeniser at `path` fill up every text to `context_length`, with the same filler."""
    tokeniser = Tokenizer.from_file(str(path))
    held = tokeniser.padding or {"pad_id": 0, "pad_token": "!"}
    tokeniser.enable_padding(
        length=context_length, pad_id=held["pad_id"], pad_token=held["pad_token"]
    )
    tokeniser.save(str(path))


def _canonical() -> list[normalizers.Normalizer]:
    marks = "".join("\\" + mark for mark in string.punctuation)
    return [
        normalizers.Replace("_", " "),
        normalizers.Replace(Regex(f"[{marks}]"), ""),
        normalizers.Lowercase(),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Strip(),
    ]


def _cleaning() -> list[normalizers.Normalizer]:
    wide = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {"\u3000": " "}
    swaps = [normalizers.Replace(Regex(k), v) for k, v in STRAIGHT.items()]
    swaps += [normalizers.Replace(k, v) for k, v in (LIGATURES | wide).items()]
    return [
        normalizers.Replace(Regex(CONTROLS), ""),
        *swaps,
        normalizers.NFC(),
        normalizers.Lowercase(),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Strip(),
    ]


def _merges() -> list[tuple[str, str]]:
    found = importlib.util.find_spec("open_clip")
    folder = Path(found.origin).parent if found and found.origin else Path()
    packed = folder / "bpe_simple_vocab_16e6.txt.gz"
    if not packed.is_file():
        raise CannotExport("CLIP's vocabulary", f"{packed.name} is not in open_clip's package")
    lines = gzip.decompress(packed.read_bytes()).decode("utf-8").split("\n")[1 : MERGES + 1]
    pairs = [line.split() for line in lines]
    return [(first, second) for first, second in pairs]


def _bytes_and_merges(merges: list[tuple[str, str]]) -> models.BPE:
    letters = _byte_letters()
    entries = letters + [letter + "</w>" for letter in letters]
    entries += [first + second for first, second in merges] + [START, END]
    vocabulary = {entry: number for number, entry in enumerate(entries)}
    return models.BPE(vocab=vocabulary, merges=merges, end_of_word_suffix="</w>", unk_token=END)


def _byte_letters() -> list[str]:
    """A printable letter per byte, in GPT-2's order: printable bytes first, then the others."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(b) for b in printable] + [chr(256 + i) for i in range(len(others))]
