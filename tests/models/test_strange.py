"""The margin is chosen where everything asked is there; small shops are drawn alike each time."""

from pathlib import Path

import numpy as np
import torch

from models.examples import Example
from models.strange import REFUSED_WRONGLY, Strangeness, fit_strange, often
from vision.kinds import Kinds


def test_the_margin_lies_between_the_fitting_shops() -> None:
    draw = np.random.default_rng(0)
    found = Strangeness()
    for familiar in (draw.normal(1, 1, 500), draw.normal(1, 1, 300)):
        found.add_present("half, snaps", familiar)
    found.add_present("luma, snaps", draw.normal(3, 1, 90))
    margin = found.margin()
    refused = [float((np.concatenate(f) < margin).mean()) for f in found.present.values()]
    assert max(refused) > REFUSED_WRONGLY > min(refused)


def test_a_fitting_shop_is_asked_only_for_what_it_has() -> None:
    eye = torch.eye(4)
    held = [
        Example(source, Path(f"{n}.jpg"), "", f"{source}-{n}")
        for source in ("snaps", "street")
        for n in range(120)
    ]
    names = ["shirt", "hat", "shoe"] * 80
    asked = eye[torch.tensor([["shirt", "hat", "shoe"].index(n) for n in names])]
    found = Strangeness()
    luma = eye[torch.tensor([0] * 60)]
    fit_strange(Kinds(eye.numpy(), 0, 4), held, asked, names, luma, ["shirt"] * 60, found)
    assert set(found.present) == {
        f"{s}, {p}" for s in ("half", "luma") for p in ("snaps", "street")
    }
    assert [len(part) for part in found.present["luma, snaps"]] == [40]
    assert sum(map(len, found.present["half, street"])) == 120
    assert found.margin() >= -1e-6  # nothing that is there is strange


def test_a_kind_of_which_a_shop_has_a_few_is_not_said_to_be_there() -> None:
    assert often(np.array(["hat"] * 4 + ["shirt"] * 5 + [""] * 9)) == ["shirt"]


def test_the_figures_tell_what_is_refused_at_the_margin() -> None:
    found = Strangeness(measured={"far": [np.array([-1.0, 0.5]), np.array([-2.0, -0.1])]})
    assert found.figures(0.0) == {"far": {"queries": 4.0, "refused": 0.75}}
