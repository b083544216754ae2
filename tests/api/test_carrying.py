"""A shop that is put back knows the keys and holds the uploads of the one that lay there."""

from api.carrying import carry_over
from api.keys import Keys
from api.roles import Role


def test_keys_and_uploads_are_carried_over_while_somebody_writes(tmp_path):
    home, unpacked = tmp_path / "shop", tmp_path / "unpacked"
    unpacked.mkdir()
    keys = Keys(home)
    made, secret = keys.create(Role.ADMIN, "Olga")  # open, and its log not yet in the file
    picture = home / "stockroom" / "spring" / "a.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"picture")
    carry_over(home, unpacked)
    assert Keys(unpacked).who(secret) == made
    assert (unpacked / "stockroom" / "spring" / "a.jpg").read_bytes() == b"picture"
    assert (unpacked / "door" / "keys.sqlite3").stat().st_mode & 0o077 == 0


def test_where_nothing_lay_nothing_is_carried(tmp_path):
    (tmp_path / "unpacked").mkdir()
    carry_over(tmp_path / "none", tmp_path / "unpacked")
    assert list((tmp_path / "unpacked").iterdir()) == []
