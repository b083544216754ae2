"""`vistazo eval`: the agreed keys."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("workplace")


def test_eval_prints_the_agreed_keys_and_keeps_the_shop_if_told(call, catalogue, red, tmp_path):
    queries = tmp_path / "queries.csv"
    queries.write_text(
        f"image,text,expect\n{red.name},,colour=red\n,red shirt,none\nno.jpg,,x\n,hat,\n"
    )
    asked = ("eval", "--catalogue", catalogue, "--queries", queries)
    code, out, err = call(*asked, "--shop", "kept", "--json")
    figures = json.loads(out)
    assert (code, figures["queries"], figures["recall@1"]) == (0, 3, 0.5)
    assert f"line 4: counted as missed: {tmp_path / 'no.jpg'}: No such file" in err
    assert "line 5: not counted" in err
    assert json.loads(call("index", catalogue, "--shop", "kept", "--json")[1])["unchanged"] == 10
    code, out, _ = call(*asked, "--pictures-only")
    assert (code, "recall@10" in out) == (0, True)
    assert call("eval", "--catalogue", catalogue, "--queries", "absent.csv")[0] == 1
