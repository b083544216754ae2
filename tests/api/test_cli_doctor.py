"""`vistazo doctor`: a healthy house and a sick one."""

import json

import pytest

from tests.tiny_card import tiny_model

pytestmark = pytest.mark.usefixtures("workplace")


def test_the_doctor_finds_a_healthy_house_and_a_sick_one(call, catalogue, tmp_path):
    assert call("doctor")[0] == 0
    call("index", catalogue)
    code, out, _ = call("doctor", "--json")
    found = {f["what"]: f for f in json.loads(out)["findings"]}
    assert code == 0
    assert "10 products" in found["shop"]["detail"]
    (catalogue.parent / "images" / "bag-red.png").unlink()
    with (tmp_path / "tiny" / "words.onnx").open("ab") as file:
        file.write(b"x")
    code, out, _ = call("doctor")
    assert code == 1
    assert "words.onnx" in out
    tiny_model(tmp_path / "tiny")
    code, out, _ = call("doctor", "--json")
    wrong = [f for f in json.loads(out)["findings"] if not f["ok"]]
    assert (code, [f["what"] for f in wrong]) == (1, ["pictures"])
    assert all(f["cure"] for f in wrong)


def test_a_shop_that_was_named_and_is_not_there_is_a_finding(call, monkeypatch):
    code, out, _ = call("doctor")
    assert (code, "All is well." in out) == (0, True)
    code, out, _ = call("doctor", "--shop", "nope")
    assert (code, "All is well." in out) == (1, False)
    assert "vistazo index CATALOGUE --shop nope" in out
    monkeypatch.setenv("VISTAZO_SHOP", "nope")
    assert call("doctor")[0] == 1


def test_the_doctor_tells_who_decided_how_cores_are_shared(call, monkeypatch):
    _, out, _ = call("doctor", "--json")
    said = next(f for f in json.loads(out)["findings"] if f["what"] == "threads")["detail"]
    assert "a core each" in said
    assert "up to 8 pictures together" in said
    monkeypatch.setenv("VISTAZO_THREADS", "1")
    monkeypatch.setenv("VISTAZO_BATCH", "1")
    _, out, _ = call("doctor", "--json")
    said = next(f for f in json.loads(out)["findings"] if f["what"] == "threads")["detail"]
    assert "1 threads for a lone one (as you set), batching off" in said
