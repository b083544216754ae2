"""API keys: what is kept of them, how they end, and that every process hears of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.errors import BadParameter, DoorBroken, KeyNeeded, KeyReused, NoSuchKey
from api.home import DOOR
from api.keys import SIGNED_IN_S, Keys, read_origin
from api.roles import Role
from tests.fakes import HandClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock[datetime]:
    return HandClock(NOON)


@pytest.fixture
def keys(tmp_path: Path, clock: HandClock[datetime]) -> Keys:
    return Keys(tmp_path, clock)


def test_a_key_is_known_by_its_secret_and_only_its_digest_is_kept(keys, tmp_path):
    made, secret = keys.create(Role.MERCHANDISER, "Ana")
    assert keys.who(secret) == made
    assert len(secret) >= 43
    kept = b"".join(p.read_bytes() for p in (tmp_path / DOOR).iterdir())
    assert secret.encode() not in kept
    assert secret.rpartition("_")[2].encode() not in kept


def test_the_file_of_keys_is_its_owners_alone(keys, tmp_path):
    keys.create(Role.ADMIN, "Olga")
    assert (tmp_path / DOOR / "keys.sqlite3").stat().st_mode & 0o077 == 0


def test_an_unknown_key_a_revoked_one_and_one_that_ran_out_open_nothing(keys, clock):
    _, fleeting = keys.create(Role.ASSOCIATE, "Tablet", lifetime_days=1)
    revoked, lost = keys.create(Role.ASSOCIATE, "Lost tablet")
    keys.revoke(revoked.id)
    clock.now += timedelta(days=1)
    for token, reason in ((fleeting, "run out"), (lost, "revoked"), ("vistazo_sk_x", "never")):
        with pytest.raises(KeyNeeded, match=reason):
            keys.who(token)


def test_a_rotated_key_and_its_successor_both_work_until_the_grace_ends(keys, clock):
    old, before = keys.create(Role.SHOPPER, "Web", origins=["https://shop.example"])
    new, after = keys.rotate(old.id, grace_days=2)
    assert (new.role, new.name, new.origins) == (old.role, old.name, old.origins)
    assert keys.who(before).id == old.id
    assert keys.who(after).id == new.id
    clock.now += timedelta(days=2)
    assert keys.who(after).id == new.id
    with pytest.raises(KeyNeeded):
        keys.who(before)
    with pytest.raises(BadParameter):
        keys.rotate(old.id)


def test_a_request_that_is_sent_again_finds_the_key_it_made_and_no_other(keys, clock):
    made, _ = keys.create(Role.SHOPPER, "Web", origins=["https://shop.example"], named="n")
    again = keys.create(Role.SHOPPER, " Web ", origins=["https://shop.example/"], named="n")
    assert again == (made, "")
    for role, name, origins in (
        (Role.ADMIN, "Web", ()), (Role.SHOPPER, "Else", made.origins), (Role.SHOPPER, "Web", ()),
    ):  # fmt: skip
        with pytest.raises(KeyReused):
            keys.create(role, name, origins=origins, named="n")
    assert keys.all() == [made]
    clock.now += timedelta(days=1)
    later, secret = keys.create(Role.ADMIN, "Olga", named="n")
    assert later.id != made.id
    assert keys.who(secret) == later


@pytest.mark.parametrize("grace_days", [0, 2])
def test_a_rotation_that_is_sent_again_is_found_also_where_the_old_key_has_ended(
    keys, clock, grace_days
):
    old, _ = keys.create(Role.ADMIN, "Olga")
    new, _ = keys.rotate(old.id, grace_days, named="n")
    ends_at = keys.get(old.id).expires_at
    clock.now += timedelta(hours=1)
    assert keys.rotate(old.id, grace_days, named="n") == (new, "")
    assert keys.get(old.id).expires_at == ends_at
    other, _ = keys.create(Role.MIRROR, "Room 1")
    with pytest.raises(KeyReused):
        keys.rotate(other.id, grace_days, named="n")
    assert len(keys.all()) == 3


def test_a_rotation_that_died_before_the_old_key_got_its_end_gives_it_one(keys, clock):
    old, secret = keys.create(Role.ADMIN, "Olga")
    keys.create(Role.ADMIN, "Olga", named="n")  # and there it died
    keys.rotate(old.id, 1, named="n")
    clock.now += timedelta(days=1)
    with pytest.raises(KeyNeeded):
        keys.who(secret)


def test_a_rotation_never_makes_the_old_key_live_longer(keys, clock):
    old, secret = keys.create(Role.MIRROR, "Room 1", lifetime_days=1)
    keys.rotate(old.id, grace_days=30)
    clock.now += timedelta(days=1)
    with pytest.raises(KeyNeeded):
        keys.who(secret)


def test_another_process_hears_of_a_new_key_and_of_a_revocation_at_once(keys, tmp_path, clock):
    other = Keys(tmp_path, clock)
    assert not other.any_made()
    made, secret = keys.create(Role.ADMIN, "Olga")
    assert other.who(secret) == made
    keys.revoke(made.id)
    with pytest.raises(KeyNeeded):
        other.who(secret)
    assert other.any_made()  # a shop whose keys were all revoked does not fall open again


def test_a_key_survives_the_end_of_the_process(keys, tmp_path, clock):
    made, secret = keys.create(Role.ADMIN, "Olga")
    keys.close()
    assert Keys(tmp_path, clock).who(secret) == made


def test_only_a_shoppers_key_may_be_published(keys):
    with pytest.raises(BadParameter):
        keys.create(Role.ADMIN, "Olga", origins=["https://shop.example"])
    assert not keys.any_made()


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("https://Shop.example/", "https://shop.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(said, read):
    assert read_origin(said) == read


@pytest.mark.parametrize(
    "said", ["*", "shop.example", "https://a.example/path", "null", "https://", "file:///x",
             "https://a.example@b.example", "https://a.example, https://b.example"]
)  # fmt: skip
def test_what_is_no_origin_is_refused(said):
    with pytest.raises(BadParameter):
        read_origin(said)


def test_the_day_of_use_is_written_once_a_day(keys, clock):
    made, secret = keys.create(Role.ADMIN, "Olga")
    assert keys.get(made.id).used_on == ""
    keys.note_use(keys.who(secret))
    assert keys.get(made.id).used_on == "2026-03-01"
    clock.now += timedelta(days=1)
    keys.note_use(made)
    assert keys.get(made.id).used_on == "2026-03-02"


def test_an_id_that_is_none_is_told(keys):
    with pytest.raises(NoSuchKey):
        keys.revoke("nothing")


def test_a_damaged_file_is_told_and_nobody_is_let_in(tmp_path):
    (tmp_path / DOOR).mkdir()
    (tmp_path / DOOR / "keys.sqlite3").write_bytes(b"no database" * 100)
    with pytest.raises(DoorBroken):
        Keys(tmp_path)


def test_a_sign_in_ends_after_its_hours_and_with_its_key_in_every_process(keys, tmp_path, clock):
    made, secret = keys.create(Role.ADMIN, "Olga")
    other = Keys(tmp_path, clock)
    token = keys.sign_in(made)
    assert other.who_signed_in(token) == made
    for wrong in (secret, "", "vistazo_in_made-up"):
        with pytest.raises(KeyNeeded):
            keys.who_signed_in(wrong)
    with pytest.raises(KeyNeeded):
        keys.who(token)
    clock.now += timedelta(seconds=SIGNED_IN_S)
    with pytest.raises(KeyNeeded, match="has ended"):
        other.who_signed_in(token)
    again = keys.sign_in(made)
    other.revoke(made.id)
    with pytest.raises(KeyNeeded):
        keys.who_signed_in(again)
