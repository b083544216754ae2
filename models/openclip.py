"""Loads any open_clip model, with its weights, its preprocessing and what its words need.

(torch; workshop only.) The weights come from a checkpoint on disk, from a folder that the hub
fetched (models/hub.py), or from a seed: random weights prove the wiring of an export offline.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Final

import torch

from models.errors import CannotExport, UnknownModel
from models.openclip_shim import declare_missing_operators
from vision.spec import Resize

RESIZES: Final[dict[str, Resize]] = {"shortest": "crop", "squash": "squash"}
Floats3 = tuple[float, float, float]
CONFIG_FILE = "open_clip_config.json"


@dataclass(frozen=True, slots=True)
class Weights:
    """Where the numbers come from: exactly one of the three is given."""

    checkpoint: Path | None = None
    folder: Path | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        if sum(x is not None for x in (self.checkpoint, self.folder, self.seed)) != 1:
            raise ValueError("give exactly one of checkpoint, folder and seed")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in evaluation mode on the CPU, in fp32, and how it wants its pictures and words.

    `mean` and `std` are per channel on a scale of 0 to 1. `causal`: a word does not look at those
    behind it, so that padding can be left out. `canonical`: words lose case and punctuation.
    """

    model: Any
    arch: str
    size_px: int
    resize: Resize
    mean: Floats3
    std: Floats3
    dimension: int
    context_length: int
    causal: bool
    canonical: bool
    hub_tokeniser: bool


def load(arch: str, weights: Weights, changes: Mapping[str, Any] | None = None) -> Loaded:
    """The open_clip architecture `arch` with `weights`.

    `changes` are merged into its configuration (`vision_cfg`, `text_cfg`, `embed_dim` …), those
    under `preprocess_cfg` into its preprocessing.
    Raises UnknownModel, or CannotExport when the weights do not fit or it pads its pictures.
    """
    keep = declare_missing_operators()
    import open_clip  # after the declaration, never before

    config = read_config(arch, weights.folder)
    merged = _merged(config["model_cfg"], changes or {})
    preferred = {**config["preprocess_cfg"], **merged.pop("preprocess_cfg", {})}
    model = _create(open_clip, arch, merged, weights)
    model.eval().requires_grad_(False)
    model._torchvision_operators = keep  # lives as long as the model
    preprocessing = {**model.visual.preprocess_cfg, **preferred}
    if preprocessing["resize_mode"] not in RESIZES:
        raise CannotExport(arch, f"it resizes by {preprocessing['resize_mode']!r}, unknown here")
    text = merged["text_cfg"]
    return Loaded(
        model=model,
        arch=arch,
        size_px=_side(preprocessing["size"]),
        resize=RESIZES[preprocessing["resize_mode"]],
        mean=_three(preprocessing["mean"]),
        std=_three(preprocessing["std"]),
        dimension=int(merged["embed_dim"]),
        context_length=int(text.get("context_length", 77)),
        causal=not text.get("no_causal_mask", False) and "hf_model_name" not in text,
        canonical=text.get("tokenizer_kwargs", {}).get("clean") == "canonicalize",
        hub_tokeniser="hf_tokenizer_name" in text,
    )


def read_config(arch: str, folder: Path | None) -> dict[str, dict[str, Any]]:
    """`model_cfg` and `preprocess_cfg` of a fetched folder, else those that open_clip holds."""
    keep = declare_missing_operators()
    import open_clip

    del keep
    if folder is not None and (folder / CONFIG_FILE).is_file():
        held = json.loads((folder / CONFIG_FILE).read_text("utf-8"))
        return {"model_cfg": held["model_cfg"], "preprocess_cfg": held.get("preprocess_cfg", {})}
    found = open_clip.get_model_config(arch)
    if found is None:
        raise UnknownModel(arch, tuple(open_clip.list_models()))
    return {"model_cfg": found, "preprocess_cfg": _usual_preprocessing(open_clip, arch)}


def _usual_preprocessing(open_clip: Any, arch: str) -> dict[str, Any]:
    """What all published weights of `arch` agree on; they, not the architecture, decide it."""
    tags = open_clip.list_pretrained_tags_by_model(arch)
    held = [open_clip.get_pretrained_cfg(arch, tag) for tag in tags]
    keys = ("mean", "std", "resize_mode", "interpolation")
    return {k: held[0][k] for k in keys if held and len({str(h.get(k)) for h in held}) == 1}


def _merged(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(config)
    for key, value in changes.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            result[key] = {**old, **value}
        else:
            result[key] = value
    return result


def _create(open_clip: Any, arch: str, config: Mapping[str, Any], weights: Weights) -> Any:
    kwargs = {k: v for k, v in config.items() if k != "custom_text"}
    kwargs["force_custom_text"] = bool(config.get("custom_text", False))
    base = arch if open_clip.get_model_config(arch) is not None else "ViT-B-32"
    with torch.random.fork_rng():
        torch.manual_seed(weights.seed or 0)
        try:
            model = open_clip.create_model(base, pretrained=None, pretrained_text=False, **kwargs)
            path = weights.checkpoint or _weights_in(weights.folder)
            if path is not None:
                open_clip.load_checkpoint(model, str(path), strict=True)
        except (RuntimeError, ValueError, TypeError, KeyError, OSError, UnpicklingError) as cause:
            raise CannotExport(arch, str(cause).splitlines()[0][:300]) from cause
    return model


def _weights_in(folder: Path | None) -> Path | None:
    if folder is None:
        return None
    for pattern in ("*.safetensors", "*.bin", "*.pt", "*.pth"):
        for path in sorted(folder.glob(pattern)):
            return path
    raise CannotExport(str(folder), "the folder holds no weights (*.safetensors, *.bin, *.pt)")


def _side(size: int | tuple[int, int] | list[int]) -> int:
    if isinstance(size, int):
        return size
    if size[0] != size[1]:
        raise CannotExport("its image tower", f"its pictures are {size[0]} × {size[1]}, not square")
    return int(size[0])


def _three(values: Any) -> Floats3:
    first, second, third = (float(v) for v in values)
    return first, second, third
