import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from api.mirror_forms import orders_json, read_orders
from customers.errors import KeyDestroyed, NotCovered, PeopleBusy, UnknownCustomer
from mirror.desk import MirrorState
from mirror.errors import BadOrder
from mirror.studio import open_studio
from tests.drawn_clips import HandClock
from tests.little_studio import LittleStudio


@pytest.fixture
def little(tmp_path: Path) -> LittleStudio:
    return LittleStudio(tmp_path / "people")


def test_a_folder_has_one_studio_at_a_time(little: LittleStudio) -> None:
    with pytest.raises(PeopleBusy):
        open_studio(little.folder, HandClock())
    little.studio.close()
    open_studio(little.folder, HandClock()).close()


def test_a_mirror_hears_its_visit_its_consents_and_its_wish(little: LittleStudio) -> None:
    clip_id = little.asked("ana")
    orders = little.studio.orders("room-1", MirrorState())
    assert orders.session is not None
    assert orders.recording is not None
    assert orders.session.visit_id == little.visits["ana"].id
    assert [consent.id for consent in orders.session.consents] == [little.consents["ana"].id]
    assert orders.session.public_key == little.studio.keys.public(orders.session.customer_id)
    assert orders.recording.clip_id == clip_id
    little.studio.customers.end_visit(little.visits["ana"].id, little.clock.now())
    assert little.studio.orders("room-1", MirrorState()).session is None


def test_company_that_may_stay_is_told_to_the_mirror_until_the_visit_ends(
    little: LittleStudio,
) -> None:
    visit = little.visits["ana"]
    assert little.studio.orders("room-1", MirrorState()).confirmed_at is None
    little.studio.confirm_company(visit)
    orders = little.studio.orders("room-1", MirrorState(held="second_person"))
    assert orders.confirmed_at == little.clock.now()
    assert read_orders(orders_json(orders)).confirmed_at == orders.confirmed_at
    assert little.studio.orders("room-2", MirrorState()).confirmed_at is None  # berta's
    ended = little.studio.customers.end_visit(visit.id, little.clock.now())
    with pytest.raises(BadOrder):
        little.studio.confirm_company(ended)


def test_no_clip_is_asked_for_without_visit_and_consent(little: LittleStudio) -> None:
    little.studio.revoke(little.consents["ana"].id)
    with pytest.raises(NotCovered):
        little.asked("ana")
    ended = little.studio.customers.end_visit(little.visits["berta"].id, little.clock.now())
    with pytest.raises(BadOrder):
        little.studio.ask(ended, 0.0)


def test_a_clip_that_arrives_while_she_is_forgotten_is_not_kept(little: LittleStudio) -> None:
    clip, sealed = little.made("ana", little.asked("ana"))
    received = [little.studio.clips.receive(clip.id, "video", [sealed])]
    little.studio.keys.destroy(clip.customer_id)  # the first thing that forgetting does
    with pytest.raises(KeyDestroyed):
        little.studio.take(clip, "room-1", received)
    assert little.studio.clips.find(clip.id) is None
    # In between: the key goes after the last check and before the row is written.
    other, sealed = little.made("berta", little.asked("berta"))
    received = [little.studio.clips.receive(other.id, "video", [sealed])]
    kept = replace(little.studio)
    keep = kept.clips.keep

    def keep_as_the_key_goes(*given: object) -> bool:
        little.studio.keys.destroy(other.customer_id)
        return keep(*given)  # type: ignore[arg-type]  # handed through

    kept.clips.keep = keep_as_the_key_goes  # type: ignore[method-assign]  # the moment between
    with pytest.raises(KeyDestroyed):
        kept.take(other, "room-2", received)
    assert little.studio.clips.of_customer(other.customer_id) == []


def test_a_whole_backup_put_back_beside_its_ledger_shows_nothing_of_her(
    little: LittleStudio, tmp_path: Path
) -> None:
    her, clip = little.visits["ana"].customer_id, little.clips["ana"]
    little.studio.close()
    shutil.copytree(little.folder, tmp_path / "backup", ignore=shutil.ignore_patterns("keys"))
    first = open_studio(little.folder, little.clock)
    receipt = first.forget(her)
    first.close()
    shutil.copytree(tmp_path / "backup", little.folder, dirs_exist_ok=True)
    assert (little.folder / "clips" / "files" / f"{clip.id}.video").exists()
    again = open_studio(little.folder, little.clock)
    with pytest.raises(UnknownCustomer):
        again.customers.get(her)
    assert again.clips.of_customer(her) == []
    assert not (little.folder / "clips" / "files" / f"{clip.id}.video").exists()
    assert again.forget(her) == receipt
    assert again.clips.of_customer(little.visits["berta"].customer_id) == [little.clips["berta"]]
    again.close()
