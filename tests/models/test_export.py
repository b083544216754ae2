"""Any open_clip family becomes two graphs that answer as open_clip does (random weights)."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest

torch = pytest.importorskip("torch")
if find_spec("open_clip") is None:  # importing it needs our shim first
    pytest.skip("open_clip is not installed", allow_module_level=True)

from models.errors import CannotExport, UnknownModel  # noqa: E402  # after the skip
from models.export import Exported, export  # noqa: E402
from models.openclip import Loaded, Weights, load  # noqa: E402
from models.openclip_random import enliven  # noqa: E402
from models.openclip_towers import PictureTower, cuts_padding  # noqa: E402
from tests.models.tiny import TINY_TEXT, TINY_VIT, noise_pictures  # noqa: E402

pytestmark = pytest.mark.workshop
FAMILIES = {
    "ViT-B-32": TINY_VIT,
    "MobileCLIP2-S0": {"text_cfg": TINY_TEXT, "vision_cfg": {"image_size": 64}},
    "convnext_tiny": {"text_cfg": TINY_TEXT, "vision_cfg": {"timm_model_name": "convnext_atto",
                      "image_size": 64}, "embed_dim": 32},
    "ViT-B-32-SigLIP2-256": {"text_cfg": TINY_TEXT | {"vocab_size": 50_000},
                             "vision_cfg": {"timm_model_name": "vit_tiny_patch16_224",
                                            "timm_pool": "token", "timm_proj": "linear",
                                            "image_size": 224}, "embed_dim": 32},
}  # fmt: skip


def given_tokeniser(folder: Path) -> Path:
    from models.openclip_tokens import write_clip_tokeniser

    write_clip_tokeniser(folder / "given.json", 16)
    return folder / "given.json"


def exported(arch: str, folder: Path) -> tuple[Loaded, Exported, npt.NDArray[np.uint8]]:
    loaded = load(arch, Weights(seed=3), FAMILIES[arch])
    pictures = noise_pictures(12, loaded.size_px)
    enliven(loaded, pictures)
    given = given_tokeniser(folder) if loaded.hub_tokeniser else None
    return loaded, export(loaded, folder / "out", given), pictures


def answers(graph: Path, **inputs: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["vector"], inputs)[0], np.float32)


@pytest.mark.parametrize("arch", FAMILIES)
def test_both_graphs_answer_as_open_clip_does_in_any_batch(arch: str, tmp_path: Path) -> None:
    loaded, made, pictures = exported(arch, tmp_path)
    mean, std = (np.array(v, np.float32) for v in (loaded.mean, loaded.std))
    normalised = ((pictures / np.float32(255) - mean) / std).transpose(0, 3, 1, 2)
    ids = np.random.default_rng(1).integers(1, 400, (3, loaded.context_length))
    with torch.inference_mode():
        seen = loaded.model.encode_image(torch.from_numpy(normalised.astype(np.float32)))
        read = loaded.model.encode_text(torch.from_numpy(ids))
    seen = torch.nn.functional.normalize(seen, dim=-1).numpy()
    read = torch.nn.functional.normalize(read, dim=-1).numpy()
    for count in (1, 12):
        found = answers(made.image_graph, pixels=pictures[:count])
        assert (found * seen[:count]).sum(1).min() >= 0.9999
    assert (seen @ seen.T).min() < 0.99, "the outputs must differ from picture to picture"
    for count in (1, 3):
        found = answers(made.words_graph, ids=ids[:count])
        assert (found * read[:count]).sum(1).min() >= 0.9999


def test_a_causal_tower_needs_no_padding(tmp_path: Path) -> None:
    loaded, made, _ = exported("ViT-B-32", tmp_path)
    assert cuts_padding(loaded)
    whole = np.zeros((1, loaded.context_length), np.int64)
    whole[0, :4] = 490, 5, 9, 499
    short = answers(made.words_graph, ids=whole[:, :4])
    np.testing.assert_allclose(short, answers(made.words_graph, ids=whole), atol=1e-5)


def test_a_tower_that_looks_at_padding_gets_all_of_it(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    loaded, made, _ = exported("MobileCLIP2-S0", tmp_path)
    assert not cuts_padding(loaded)
    tokens = Tokenizer.from_file(str(made.vocabulary)).encode("a red shirt").ids
    assert len(tokens) == loaded.context_length


def test_the_preprocessing_is_that_of_the_published_weights() -> None:
    loaded = load("MobileCLIP2-S0", Weights(seed=0), {"text_cfg": TINY_TEXT})
    assert loaded.mean == (0.0, 0.0, 0.0)
    assert loaded.size_px == 256
    assert load("ViT-B-32-SigLIP2-256", Weights(seed=0), FAMILIES["ViT-B-32-SigLIP2-256"]
                ).resize == "squash"  # fmt: skip


def test_a_checkpoint_on_disk_gives_its_own_weights(tmp_path: Path) -> None:
    first = load("ViT-B-32", Weights(seed=1), TINY_VIT)
    torch.save(first.model.state_dict(), tmp_path / "weights.pt")
    again = load("ViT-B-32", Weights(checkpoint=tmp_path / "weights.pt"), TINY_VIT)
    other = load("ViT-B-32", Weights(seed=2), TINY_VIT)
    pixels = torch.from_numpy(noise_pictures(2, first.size_px))
    with torch.inference_mode():
        same, new = PictureTower(again).eval()(pixels), PictureTower(other).eval()(pixels)
        assert torch.equal(PictureTower(first).eval()(pixels), same)
        assert not torch.allclose(same, new, atol=1e-3)


def test_what_cannot_be_exported_says_why(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="ViT-B-32"):
        load("ViT-Z-99", Weights(seed=0))
    (tmp_path / "weights.pt").write_bytes(b"no weights")
    with pytest.raises(CannotExport):
        load("ViT-B-32", Weights(checkpoint=tmp_path / "weights.pt"), TINY_VIT)
    siglip = load("ViT-B-32-SigLIP2-256", Weights(seed=0), FAMILIES["ViT-B-32-SigLIP2-256"])
    with pytest.raises(CannotExport, match="--tokeniser"):
        export(siglip, tmp_path)
    with pytest.raises(CannotExport, match="tokenizers JSON"):
        export(siglip, tmp_path, tmp_path / "weights.pt")
    with pytest.raises(ValueError, match="exactly one"):
        Weights()


def test_a_fetched_folder_brings_its_own_configuration(tmp_path: Path) -> None:
    first = load("ViT-B-32", Weights(seed=1), TINY_VIT)
    torch.save(first.model.state_dict(), tmp_path / "open_clip_pytorch_model.bin")
    own = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "resize_mode": "squash"}
    held = {"model_cfg": TINY_VIT, "preprocess_cfg": own}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(held))
    again = load("somebody's eye", Weights(folder=tmp_path))
    assert (again.mean, again.resize, again.dimension) == ((0.5, 0.5, 0.5), "squash", 32)
    for name, weight in first.model.state_dict().items():
        assert torch.equal(again.model.state_dict()[name], weight), name
