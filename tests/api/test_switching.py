"""A shop changes its eye while shoppers search, and back again; nobody sees an error."""

import json
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.__main__ import run
from api.live import Live, find_live, point_to, space_folder
from index.errors import ShopBroken
from index.shelf import Shelf
from models.card import read_card, write_card
from tests.announced import announced
from tests.little_shop import drawn, encoded
from tests.tiny_card import tiny_model

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Two models of one make, in two spaces."""
    for version in ("1", "2"):
        folder = tiny_model(tmp_path / "store" / "tiny" / version)
        card = read_card(folder)
        spec = replace(card.spec, version=version, space=f"tiny/{version}")
        write_card(replace(card, spec=spec), folder)
    return tmp_path / "store"


@pytest.fixture
def shop(tmp_path: Path, store: Path, catalogue: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Indexed with the first model."""
    monkeypatch.setenv("VISTAZO_STORE", str(store))
    folder = tmp_path / "switching-shop"
    assert run(["index", str(catalogue), "--shop", str(folder), "--model", "tiny@1"]) == 0
    assert run(["models", "use", "tiny@1", "--shop", str(folder)]) == 0
    return folder


@contextmanager
def served(shop: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "api", "serve", "--shop", str(shop), "--port", "0", "--json"]
    said = shop.with_name("said")
    with said.open("wb") as errors:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors)
    try:
        yield announced(process, said)["url"]
    finally:
        process.terminate()
        assert process.wait(60) is not None


def search(url: str) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{url}/v1/search", encoded(drawn("red")), {"Content-Type": "image/jpeg"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found = json.loads(answer.read())
        assert isinstance(found, dict)
        return found


def until_version(url: str, version: str) -> None:
    for _ in range(900):
        if search(url)["model"]["version"] == version:
            return
        time.sleep(0.1)
    raise AssertionError(f"version {version} never came")


def test_a_server_under_load_switches_there_and_back_without_an_error(shop: Path) -> None:
    stop = threading.Event()
    seen: list[tuple[str, int]] = []
    failures: list[BaseException] = []

    def shopper(url: str) -> None:
        while not stop.is_set():
            try:
                found = search(url)
                seen.append((found["model"]["version"], len(found["hits"])))
            except (OSError, ValueError) as error:
                failures.append(error)

    with served(shop) as url:
        until_version(url, "1")
        shoppers = [threading.Thread(target=shopper, args=(url,)) for _ in range(3)]
        for thread in shoppers:
            thread.start()
        try:
            for version in ("2", "1"):
                assert run(["models", "use", f"tiny@{version}", "--shop", str(shop)]) == 0
                until_version(url, version)
        finally:
            stop.set()
            for thread in shoppers:
                thread.join(60)
    assert failures == []
    assert {version for version, _ in seen} == {"1", "2"}
    assert len({hits for _, hits in seen}) == 1


def test_back_again_looks_at_nothing_anew(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for version in ("2", "1", "2"):
        capsys.readouterr()
        assert run(["models", "use", f"tiny@{version}", "--shop", str(shop), "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out))
    assert [t["embedded"] for t in told] == [10, 0, 0]
    assert [t["unchanged"] for t in told] == [0, 10, 10]


def test_what_changed_meanwhile_comes_along(
    shop: Path, catalogue: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "use", "tiny@2", "--shop", str(shop)]) == 0
    lines = catalogue.read_text("utf-8").splitlines()
    catalogue.write_text(
        "\n".join([*lines[:-1], lines[1].replace("bag-red", "new-bag", 1)]), "utf-8"
    )
    assert run(["index", str(catalogue), "--shop", str(shop)]) == 0
    capsys.readouterr()
    assert run(["models", "use", "tiny@1", "--shop", str(shop), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["embedded"], told["removed"], told["unchanged"]) == (1, 1, 9)


def test_an_unknown_model_changes_nothing(shop: Path) -> None:
    before = find_live(shop)
    assert run(["models", "use", "tiny@9", "--shop", str(shop)]) == 1
    assert find_live(shop) == before


@pytest.mark.parametrize("held", [b"{", b"[]", b'{"folder": "../..", "model": "x"}',
                                  b'{"folder": "spaces/..", "model": "x"}'])  # fmt: skip
def test_a_pointer_that_leads_elsewhere_is_told_and_not_followed(
    tmp_path: Path, held: bytes
) -> None:
    (tmp_path / "live.json").write_bytes(held)
    with pytest.raises(ShopBroken, match=r"live\.json"):
        find_live(tmp_path)


def test_the_pointer_says_what_was_pointed_to(tmp_path: Path) -> None:
    assert find_live(tmp_path) is None
    live = Live(space_folder("../a b@1"), "a b@1")
    assert live.folder == "spaces/-a-b-1"
    point_to(tmp_path, live)
    assert find_live(tmp_path) == live


def test_a_shop_whose_model_is_gone_is_indexed_anew_by_another(shop: Path, store: Path) -> None:
    shutil.rmtree(store / "tiny" / "1")  # as a new version of Vistazo takes the old built-in away
    assert run(["models", "use", "tiny@2", "--shop", str(shop)]) == 0
    live = find_live(shop)
    assert live == Live("spaces/tiny-2", "tiny@2")
    with Shelf.open(shop / live.folder, read_card(store / "tiny" / "2").spec) as shelf:
        assert len(shelf) > 0
