"""Ready tells the truth: false when encoding fails or hangs, true again when it works."""

import threading

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.errors import NotReady
from api.health import Heart, check_ready
from index.errors import ShopBroken
from tests.fakes import FakeEncoder
from tests.keeper import until
from vision.decode import Limits
from vision.decoder import InPlace
from vision.errors import EncoderBroken, EncoderBusy
from vision.turnstile import Pulse


class MoodyEncoder(FakeEncoder):
    """Works, hangs (until let go) or breaks, as it is told."""

    def __init__(self):
        super().__init__()
        self.mood = "well"
        self.let_go = threading.Event()
        self.shown = Pulse(ok_at=None, oldest_started_at=None, failures=0, waiting=0)

    def pictures(self, batch):
        if self.mood == "hanging":
            self.let_go.wait(60)
        if self.mood == "broken":
            raise EncoderBroken("its graph is gone")
        if self.mood == "busy":
            raise EncoderBusy(9, 1.0)
        return super().pictures(batch)

    def pulse(self):
        return self.shown


@pytest.fixture
def encoder():
    moody = MoodyEncoder()
    yield moody
    moody.let_go.set()


def heart(encoder, now_s=100.0, timeout_s=60.0):
    return Heart(encoder, clock=lambda: now_s, timeout_s=timeout_s)


def test_an_encoder_that_encodes_is_well(encoder):
    assert heart(encoder).fault() == ""
    assert encoder.pictures_seen == 1


def test_a_fresh_success_spares_the_probe(encoder):
    encoder.shown = Pulse(ok_at=99.5, oldest_started_at=None, failures=0, waiting=0)
    assert heart(encoder).fault() == ""
    assert encoder.pictures_seen == 0


def test_an_old_success_proves_nothing(encoder):
    encoder.shown = Pulse(ok_at=98.5, oldest_started_at=None, failures=0, waiting=0)
    encoder.mood = "broken"
    assert "its graph is gone" in heart(encoder).fault()


def test_a_run_that_hangs_is_told_without_asking_again(encoder):
    encoder.shown = Pulse(ok_at=99.9, oldest_started_at=97.0, failures=0, waiting=5)
    assert "3.0 s" in heart(encoder).fault()
    assert encoder.pictures_seen == 0


def test_a_hung_probe_is_answered_in_time_and_joined_by_no_other(encoder):
    encoder.mood, beating = "hanging", heart(encoder, timeout_s=0.1)
    before = set(threading.enumerate())
    for _ in range(5):
        assert "did not answer" in beating.fault()
    probes = [t for t in set(threading.enumerate()) - before if t.name == "heartbeat"]
    assert len(probes) == 1


def test_ready_comes_back_when_encoding_does(encoder):
    encoder.mood, beating = "hanging", heart(encoder, timeout_s=0.1)
    assert beating.fault()
    encoder.mood = "well"
    encoder.let_go.set()
    until(lambda: beating.fault() == "")


def test_a_busy_encoder_is_not_a_broken_one(encoder):
    encoder.mood = "busy"
    assert heart(encoder).fault() == ""


def test_every_reason_is_told(encoder):
    encoder.mood = "broken"

    def count():
        raise ShopBroken("folder", "torn")

    with pytest.raises(NotReady) as refused:
        check_ready(heart(encoder), count, InPlace(Limits()))
    assert len(refused.value.reasons) == 2


def test_over_http_alive_and_ready_are_two_things(open_shop, encoder):
    with TestClient(create_app(open_shop(encoder))) as client:
        ready = {"status": "ready", "products": 10}
        until(lambda: client.get("/readyz").json() == ready)  # a busy machine's may come late
        encoder.mood = "broken"
        until(lambda: "its graph is gone" in client.get("/readyz").text)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "not-ready")
        assert answer.headers["retry-after"] == "1"
        assert client.get("/healthz").json() == {"status": "alive"}
        encoder.mood = "well"
        until(lambda: client.get("/readyz").status_code == 200)


def test_a_busy_or_broken_encoder_answers_503_and_says_when_to_come_back(open_shop, encoder):
    with TestClient(create_app(open_shop(encoder))) as client:
        from tests.little_shop import drawn, encoded

        for mood, code in (("busy", "encoder-busy"), ("broken", "encoder-broken")):
            encoder.mood = mood
            answer = client.post(
                "/v1/search", content=encoded(drawn("red")), headers={"content-type": "image/jpeg"}
            )
            assert (answer.status_code, answer.json()["code"]) == (503, code)
            assert answer.headers["retry-after"] == "1"
