"""CLIP's tokens without torch are the same as open_clip's, in six languages and real titles."""

import csv
import html
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("torch")
if find_spec("open_clip") is None:  # importing it needs our shim first
    pytest.skip("open_clip is not installed", allow_module_level=True)
from tokenizers import Tokenizer, models, pre_tokenizers, trainers  # after the skip

from models.openclip_shim import declare_missing_operators
from models.openclip_tokens import write_clip_tokeniser, write_given_tokeniser

pytestmark = pytest.mark.workshop
CONTEXT = 77
CORPUS = [
    "a red shirt", "A Red   SHIRT, it's 50% off!!", "don't I'll we've", "$19.99 £20 €30",
    "vestido de niña «azul» talla 38½", "¿hay otro más barato?",
    "Robe d’été à fleurs – œuvre", "Größe 42, weiße Bluse ß",
    "платье красное, размер 44", "赤いドレス　サイズＭ", "红色连衣裙 38码",
    "“quoted” ‘x’ ﬁne ﬀ", "cafe\u0301 café", "&amp; &lt;b&gt; &quot;x&quot; &amp;amp;",
    "😀 emoji 👗👠", "a\tb\nc", "x" * 400, "1234567", "İstanbul ıI", "ＦＵＬＬＷＩＤＴＨ",
    "naïve ①②", "٣٤ عربى", "हिन्दी साड़ी", "100 % cotton…", "a_b-c/d",
]  # fmt: skip


@pytest.fixture(scope="module")
def tokeniser(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    path = tmp_path_factory.mktemp("clip") / "tokenizer.json"
    write_clip_tokeniser(path, CONTEXT)
    return Tokenizer.from_file(str(path))


def assert_same(tokeniser: Tokenizer, texts: list[str]) -> None:
    keep = declare_missing_operators()
    import open_clip

    wanted = open_clip.SimpleTokenizer()(texts).tolist()
    assert keep is None or keep
    for text, ids in zip(texts, wanted, strict=True):
        found = tokeniser.encode(html.unescape(html.unescape(text))).ids
        assert found + [0] * (CONTEXT - len(found)) == ids, text


def test_six_languages_and_odd_letters_are_cut_as_open_clip_cuts_them(
    tokeniser: Tokenizer,
) -> None:
    assert_same(tokeniser, CORPUS)


def test_the_titles_and_descriptions_of_real_catalogues_too(
    tokeniser: Tokenizer, shared_data: Path
) -> None:
    texts: list[str] = []
    for catalogue in sorted((shared_data / "catalogues").glob("*/catalogue.csv")):
        with catalogue.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                texts += [row["title"], (row.get("description") or "")[:500]]
    assert_same(tokeniser, sorted({t for t in texts if t.strip()}))


def test_what_a_user_types_cannot_become_a_mark_of_the_model(tokeniser: Tokenizer) -> None:
    """open_clip itself takes the words `<end_of_text>` for its own mark: here they are words."""
    ids = tokeniser.encode("<end_of_text> red").ids
    assert ids.count(49_407) == 1


def test_siglips_words_lose_case_and_marks_and_fill_the_whole_context(tmp_path: Path) -> None:
    keep = declare_missing_operators()
    from open_clip.tokenizer import canonicalize_text

    assert keep is None or keep
    given = Tokenizer(models.Unigram())
    given.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=300, special_tokens=["<pad>", "<unk>"],
                                      unk_token="<unk>")  # fmt: skip
    given.train_from_iterator(CORPUS * 3, trainer)
    given.save(str(tmp_path / "given.json"))
    write_given_tokeniser(tmp_path / "given.json", tmp_path / "ours.json", 64, canonical=True)
    ours = Tokenizer.from_file(str(tmp_path / "ours.json"))
    plain = [text for text in CORPUS if "&" not in text]
    for text in [*plain, "A_B (red/blue), [size: 'M'] ^ \\ - 50%!"]:
        wanted = given.encode(canonicalize_text(text)).ids[:64]
        assert ours.encode(text).ids == wanted + [0] * (64 - len(wanted)), text
