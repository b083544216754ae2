"""The tiny model with a card beside it, as an operator would name it with --model."""

import hashlib
from pathlib import Path

from models.card import ModelCard, write_card
from tests.tiny_model import tiny_spec
from vision.spec import Calibration


def tiny_model(folder: Path) -> Path:
    """Write a whole model into `folder`, card and checksums included; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    calibration = Calibration(slope=20.0, offset=-17.0, refuse_below=0.3)
    spec = tiny_spec(folder, title_weight=0.0, calibrations={"picture": calibration})
    files = (spec.image_graph, spec.words_graph, spec.vocabulary)
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    write_card(ModelCard(spec, "drawn in a test", "Apache-2.0", (), sums, {}), folder)
    return folder
