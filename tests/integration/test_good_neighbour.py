"""A real worker that keeps to the manners it was told: waits, goes on, takes little, gives memory back."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.manners import Manners, Pace, WaitReason
from app.domain.media import DecodedPhoto, DecodeRequest
from app.domain.progress import IndexPhase
from app.indexing.surroundings import Power, Surroundings
from tests.fake_encoder import FakeEncoder
from tests.indexing_rig import Rig, ThreadDecoder, make_photo, wait_for


class Around(Surroundings):
    """A computer in use that runs on its battery, until a test says otherwise."""

    def __init__(self) -> None:
        self.idle, self.runs_on = 0.0, Power.BATTERY

    def idle_seconds(self) -> float:
        return self.idle

    def power(self) -> Power:
        return self.runs_on

    def memory_is_short(self) -> bool:
        return False


@pytest.fixture
def around() -> Around:
    return Around()


@pytest.fixture
def rig(tmp_path: Path, around: Around) -> Iterator[Rig]:
    built = Rig(tmp_path, surroundings=around)
    yield built
    built.close()


def fill(folder: Path, count: int) -> list[str]:
    for number in range(count):
        make_photo(folder / f"{number:03}.jpg", number)
    return [f"photos/{number:03}.jpg" for number in range(count)]


def waits(rig: Rig, reason: WaitReason) -> bool:
    return bool(rig.reports) and (rig.last.phase, rig.last.waits_for) == (IndexPhase.WAITING, reason)


def test_photos_and_new_arrivals_wait_for_mains_and_then_go_on(
    rig: Rig, around: Around, encoder: FakeEncoder
) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 4)
    rig.worker.behave(Manners(only_on_mains=True))
    rig.use(encoder)
    rig.start()
    wait_for(lambda: waits(rig, WaitReason.MAINS) and rig.last.total == 4, "it waits for mains")

    make_photo(folder / "new.jpg", 77)
    wait_for(lambda: rig.last.total == 5, "the new one is counted")
    assert rig.opened == []
    assert not rig.worker.wait_until_idle(0)

    around.runs_on = Power.MAINS
    rig.wait_for_photos(*names, "photos/new.jpg")
    rig.settle()
    assert rig.last.phase is IndexPhase.IDLE
    assert rig.last.waits_for is None


def test_with_nothing_to_do_it_waits_for_nothing(rig: Rig) -> None:
    rig.add_folder()
    rig.worker.behave(Manners(only_on_mains=True, only_when_idle=True))
    rig.start()
    rig.settle()
    assert rig.last.phase is IndexPhase.IDLE


def test_manners_that_change_take_effect_in_the_middle(
    rig: Rig, around: Around, encoder: FakeEncoder
) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 3)
    rig.worker.behave(Manners(only_when_idle=True))
    rig.use(encoder)
    rig.start()
    wait_for(lambda: waits(rig, WaitReason.IDLE), "it waits until nobody is there")

    rig.worker.behave(Manners())
    rig.wait_for_photos(*names)


def test_pace_reaches_those_who_compute(rig: Rig, encoder: FakeEncoder) -> None:
    decoder = rig.decoder
    assert isinstance(decoder, ThreadDecoder)
    _, folder = rig.add_folder()
    names = fill(folder, 20)
    rig.worker.behave(Manners(Pace.GENTLE))
    rig.use(encoder, batch_size=4)
    rig.start()
    rig.wait_for_photos(*names)
    assert decoder.efforts == [(1, 15)]
    assert encoder.niceness[-1] == 10

    rig.worker.behave(Manners(Pace.FULL))
    wait_for(lambda: decoder.efforts[-1] == (2, 5), "decoding is told")
    assert encoder.niceness[-1] == 0


def test_a_pause_keeps_the_numbers_of_the_run(rig: Rig, encoder: FakeEncoder) -> None:
    decoder = rig.decoder
    assert isinstance(decoder, ThreadDecoder)
    _, folder = rig.add_folder()
    names = fill(folder, 120)
    rig.use(encoder, batch_size=4)
    rig.start()
    wait_for(lambda: rig.reports and rig.last.done >= 8, "some are in")
    rig.worker.pause(True)
    wait_for(lambda: rig.last.phase is IndexPhase.PAUSED and not rig.worker._pipeline.busy, "it rests")
    rig.settle()
    before = rig.last
    assert 0 < before.done < before.total == 120
    assert before.rate is None

    rig.worker.pause(False)
    rig.wait_for_photos(*names)
    rig.settle()
    assert (rig.last.done, rig.last.total) == (120, 120)
    assert {report.current for report in rig.reports if report.phase is IndexPhase.INDEXING} >= {str(folder)}


def test_an_unused_model_is_given_back_when_nothing_is_left_to_do(rig: Rig, encoder: FakeEncoder) -> None:
    _, folder = rig.add_folder()
    names = fill(folder, 2)
    rig.worker.behave(Manners(), release_seconds=300)
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos(*names)
    wait_for(lambda: encoder.unused_for, "it is asked to give back")
    assert set(encoder.unused_for) == {300}


def test_what_waits_for_the_model_is_bounded_in_bytes(rig: Rig) -> None:
    encoder = FakeEncoder(side=64)
    _, folder = rig.add_folder()
    names = fill(folder, 30)
    decoder = rig.decoder
    assert isinstance(decoder, ThreadDecoder)
    rig.worker._pipeline._look_ahead_bytes = 5 * 64 * 64 * 3
    decoder.hold.clear()
    rig.use(encoder, batch_size=16)
    rig.start()
    wait_for(lambda: len(rig.worker._pipeline._decoding) == 5, "as many are under way as fit")
    decoder.hold.set()
    rig.wait_for_photos(*names)
    assert max(encoder.image_batches) <= 5


def test_a_copy_read_while_the_embedding_waits_to_be_written_is_not_embedded_again(
    rig: Rig, encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = rig.add_folder()
    for number in range(3):
        make_photo(folder / f"{number}.jpg", seed=1)
    pipeline = rig.worker._pipeline
    pipeline._written_at = float("inf")  # as just after a write, as long as anything is being decoded
    decoder = rig.decoder
    assert isinstance(decoder, ThreadDecoder)
    decode, first = decoder._decode, threading.Lock()

    def one_before_the_others(request: DecodeRequest) -> DecodedPhoto:
        if not first.acquire(blocking=False):
            wait_for(lambda: len(pipeline._outcomes) > 0, "the first is embedded")
        return decode(request)

    monkeypatch.setattr(decoder, "_decode", one_before_the_others)
    rig.use(encoder, batch_size=1)
    rig.start()
    wait_for(lambda: len(rig.names()) == 3 and rig.all_done(), "all are in")
    assert encoder.images_encoded == 1
