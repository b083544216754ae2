import av
import pytest

from mirror.encoders import CHOICES, DEFAULT, NAMES, available, choose
from mirror.errors import NoEncoder


@pytest.mark.parametrize("name", NAMES)
def test_a_chosen_encoder_says_its_licence(name: str) -> None:
    choice = choose(name)
    assert choice.name == name
    assert ("GPL" in choice.licence) == (name == "x264")
    assert choice in available()


def test_one_encoder_is_free_of_the_gpl_and_the_default_is_known() -> None:
    assert any("GPL" not in choice.licence for choice in CHOICES)
    assert DEFAULT in NAMES


def test_an_unknown_encoder_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NoEncoder, match="Try: x264, vp9"):
        choose("h266")


def test_an_installation_without_the_library_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av.codec, "codecs_available", {"libvpx-vp9"})
    with pytest.raises(NoEncoder, match="built without x264"):
        choose("x264")
    assert [choice.name for choice in available()] == ["vp9"]
