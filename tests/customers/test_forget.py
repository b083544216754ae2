import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from customers.consent import ConsentRules
from customers.customers import Customers
from customers.errors import KeyDestroyed, UnknownCustomer
from customers.forget import Ledger, Oblivion, finish_forgetting, forget
from customers.keys import Keys
from customers.receipt import Signer, verify

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Holding:
    """Stands for the mirror's clips; can be told to fail as a crash would."""

    def __init__(self) -> None:
        self.held = {"c1.video": "ab" * 32}
        self.crash = False

    def inventory(self, customer_id: str) -> Mapping[str, str]:
        return dict(self.held)

    def forget(self, customer_id: str) -> None:
        self.held.clear()
        if self.crash:
            raise KeyboardInterrupt


class House:
    """All that forgetting has to reach, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = Keys(folder / "keys" / "customers")
        self.customers = Customers(folder / "people", self.keys, ConsentRules())
        self.signer = Signer(folder / "keys" / "receipts.key")
        self.ledger = Ledger(folder / "keys")
        self.holding = Holding()
        self.reach = Oblivion(self.customers, self.keys, self.signer, [self.holding])


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_forgetting_destroys_key_things_and_rows_and_signs_for_it(house: House) -> None:
    ana, berta = house.customers.welcome(NOON, "Ana"), house.customers.welcome(NOON, "Berta")
    house.customers.start_visit(ana.id, "m1", NOON)
    fingerprint = house.keys.fingerprint(ana.id)
    receipt = forget(ana.id, house.reach, house.ledger, NOON)
    assert house.holding.held == {}
    with pytest.raises(UnknownCustomer):
        house.customers.get(ana.id)
    with pytest.raises(KeyDestroyed):
        house.keys.public(ana.id)
    assert house.customers.visits_of(ana.id) == []
    assert house.customers.get(berta.id) == berta
    verified = verify(receipt.fields(), house.signer.public)
    assert verified.key_fingerprint == fingerprint
    assert verified.files == {"c1.video": "ab" * 32}
    assert verified.counts == {"log": 0, "consents": 0, "visits": 1, "customers": 1}


def test_asking_twice_gives_the_same_receipt_and_a_stranger_gets_none(house: House) -> None:
    ana = house.customers.welcome(NOON)
    first = forget(ana.id, house.reach, house.ledger, NOON)
    later = forget(ana.id, house.reach, house.ledger, NOON + timedelta(days=1))
    assert later == first
    with pytest.raises(UnknownCustomer):
        forget("nobody", house.reach, house.ledger, NOON)


def test_an_interrupted_forgetting_is_finished_by_the_next_start(house: House) -> None:
    ana = house.customers.welcome(NOON, "Ana")
    house.holding.crash = True
    with pytest.raises(KeyboardInterrupt):
        forget(ana.id, house.reach, house.ledger, NOON)
    again = House(house.folder)
    again.holding.held.clear()
    assert finish_forgetting(again.reach, again.ledger, NOON + timedelta(hours=1)) == [ana.id]
    fields = again.ledger.receipt(ana.id)
    assert fields is not None
    receipt = verify(fields, again.signer.public)
    assert receipt.asked_at == NOON
    assert receipt.files == {"c1.video": "ab" * 32}  # written down before it was destroyed
    assert finish_forgetting(again.reach, again.ledger, NOON) == []


def test_a_backup_put_back_shows_nothing_and_is_forgotten_again(house: House) -> None:
    ana = house.customers.welcome(NOON, "Ana Núñez")
    house.customers.close()
    shutil.copytree(house.folder / "people", house.folder / "backup")
    again = House(house.folder)
    first = forget(ana.id, again.reach, again.ledger, NOON)
    again.customers.close()
    shutil.rmtree(house.folder / "people")
    shutil.copytree(house.folder / "backup", house.folder / "people")
    restored = House(house.folder)
    with pytest.raises(KeyDestroyed):
        restored.customers.get(ana.id)
    assert finish_forgetting(restored.reach, restored.ledger, NOON) == [ana.id]
    with pytest.raises(UnknownCustomer):
        restored.customers.get(ana.id)
    assert restored.ledger.receipt(ana.id) == first.fields()


def test_no_byte_of_her_row_is_left_in_the_database_files(house: House) -> None:
    ana = house.customers.welcome(NOON)
    visit = house.customers.start_visit(ana.id, "m1", NOON)
    forget(ana.id, house.reach, house.ledger, NOON)
    for path in (house.folder / "people").iterdir():
        assert visit.id.encode() not in path.read_bytes()
        assert ana.id.encode() not in path.read_bytes()


_CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from customers.forget import forget
from tests.customers.test_forget import House
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
house = House(Path(sys.argv[1]))
ids = [house.customers.welcome(NOON, "Ana").id for _ in range(40)]
print("ready", flush=True)
for id_ in ids:
    print(id_, flush=True)
    forget(id_, house.reach, house.ledger, NOON)
"""


@pytest.mark.parametrize("after_s", [0.01, 0.05, 0.12])
def test_kill_minus_9_while_forgetting_leaves_nobody_half_forgotten(
    house: House, after_s: float
) -> None:
    arguments = [sys.executable, "-c", _CHILD, str(house.folder)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(after_s)
        child.send_signal(signal.SIGKILL)
        child.wait()
        begun = child.stdout.read().split()
    again = House(house.folder)
    finish_forgetting(again.reach, again.ledger, NOON)
    there = set(again.customers.ids())
    for customer_id in again.ledger.all():
        assert customer_id not in there
        assert not again.keys.exists(customer_id)
        fields = again.ledger.receipt(customer_id)
        assert fields is not None
        verify(fields, again.signer.public)
    assert not set(begun[:-1]) & there  # every one that returned before the kill is forgotten
    for customer_id in there:
        assert again.customers.get(customer_id).label == "Ana"
