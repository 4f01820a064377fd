"""Offers with estimates, one download at a time, and the model in use when it is here."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.domain.download import DeviceSpeed, DownloadPhase, DownloadProgress, Transfer
from app.domain.progress import CancelToken
from app.errors import CheckpointError, DownloadError
from app.services.downloads import DownloadParts, ModelDownloadService, photos_a_minute, recommended
from app.services.model_catalogue import hub_id_of, offered
from app.settings import Settings, SettingsStore

LIGHT, STANDARD, BEST = (model.hub_id for model in offered())
TWO_CORES = DeviceSpeed("cpu", 150, 16_000_000_000, 2)
SLOW_CORES = DeviceSpeed("cpu", 30, 16_000_000_000, 2)
GRAPHICS_CARD = DeviceSpeed("cuda", 15_000, 24_000_000_000, 16)
SMALL_CARD = DeviceSpeed("cuda", 8_000, 6_000_000_000, 8)


@dataclass
class FakeModels:
    """Remembers what was put to use."""

    used: list[tuple[str, str]] = field(default_factory=list)
    refusal: str = ""

    def use(self, checkpoint: str, device: str) -> None:
        if self.refusal:
            raise CheckpointError(self.refusal)
        self.used.append((checkpoint, device))


@dataclass
class FakeHub:
    """A hub whose downloads go as far as the test lets them."""

    steps: tuple[Transfer, ...] = (
        Transfer(DownloadPhase.DOWNLOADING, 0, 100),
        Transfer(DownloadPhase.DOWNLOADING, 60, 100),
    )
    error: Exception | None = None
    go: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    here: set[str] = field(default_factory=set)
    measured: int = 0

    def download(self, hub_id: str, on_transfer: Callable[[Transfer], None], cancel: CancelToken) -> str:
        self.asked.append(hub_id)
        for step in self.steps:
            on_transfer(step)
        while not self.go.is_set():
            cancel.wait(0.01)
            cancel.check()
        if self.error is not None:
            raise self.error
        return "/cache"

    def measure(self) -> DeviceSpeed:
        self.measured += 1
        return TWO_CORES

    def parts(self) -> DownloadParts:
        return DownloadParts(self.download, self.here.__contains__, lambda hub_id: 7, self.measure)


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub()


@pytest.fixture
def models() -> FakeModels:
    return FakeModels()


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "settings.json")


@pytest.fixture
def service(hub: FakeHub, models: FakeModels, store: SettingsStore) -> Iterator[ModelDownloadService]:
    service = ModelDownloadService(store, models.use, hub.parts())
    yield service
    service.close()


def test_a_model_that_came_is_used(
    service: ModelDownloadService, hub: FakeHub, models: FakeModels, store: SettingsStore
) -> None:
    store.save(Settings(device="cpu"))
    heard: list[DownloadProgress] = []
    service.subscribe(heard.append)
    hub.go.set()

    service.start("standard")

    assert service.wait(10)
    assert models.used == [(STANDARD, "cpu")]
    assert [progress.phase for progress in heard] == ["connecting", "downloading", "downloading", "done"]
    assert (heard[-1].done_bytes, heard[-1].total_bytes) == (100, 100)
    assert heard[2].rate is not None
    assert heard[2].seconds_left is not None
    assert not service.progress().active


def test_a_cancelled_download_is_not_used(
    service: ModelDownloadService, hub: FakeHub, models: FakeModels
) -> None:
    service.start(LIGHT)
    service.cancel()

    assert service.wait(10)
    assert service.progress().phase is DownloadPhase.CANCELLED
    assert service.progress().done_bytes in (0, 60)
    assert models.used == []


@pytest.mark.expects_log_warnings
@pytest.mark.parametrize(
    ("error", "message"),
    [(DownloadError("no network"), "no network"), (ZeroDivisionError("oops"), "Something went wrong: oops")],
)
def test_a_failure_is_told_and_the_next_attempt_may_begin(
    service: ModelDownloadService, hub: FakeHub, models: FakeModels, error: Exception, message: str
) -> None:
    hub.error = error
    hub.go.set()
    service.start(LIGHT)
    assert service.wait(10)
    assert (service.progress().phase, service.progress().message) == (DownloadPhase.FAILED, message)
    assert models.used == []

    hub.error = None
    service.start(LIGHT)

    assert service.wait(10)
    assert service.progress().phase is DownloadPhase.DONE
    assert service.progress().message == ""


def test_a_model_that_is_refused_after_its_download_is_told(
    service: ModelDownloadService, hub: FakeHub, models: FakeModels
) -> None:
    models.refusal = "no tokenizer"
    hub.go.set()

    service.start(LIGHT)

    assert service.wait(10)
    assert (service.progress().phase, service.progress().message) == (DownloadPhase.FAILED, "no tokenizer")


def test_only_one_download_at_a_time(service: ModelDownloadService, hub: FakeHub) -> None:
    service.start(LIGHT)

    with pytest.raises(DownloadError, match="already"):
        service.start(BEST)

    assert service.progress().hub_id == LIGHT


def test_whoever_unsubscribed_hears_nothing(service: ModelDownloadService, hub: FakeHub) -> None:
    heard: list[DownloadProgress] = []
    service.subscribe(heard.append)()
    hub.go.set()
    service.start(LIGHT)
    assert service.wait(10)

    assert heard == []


def test_closing_ends_the_download(service: ModelDownloadService, hub: FakeHub) -> None:
    service.start(LIGHT)

    service.close()

    assert service.wait(0)


def test_offers_say_what_is_here_and_in_use(
    service: ModelDownloadService, hub: FakeHub, store: SettingsStore
) -> None:
    hub.here |= {LIGHT, BEST}
    store.save(Settings(checkpoint=f"/cache/models--{BEST.replace('/', '--')}/snapshots/1"))

    offers = service.offers()

    assert [offer.downloaded for offer in offers] == [True, False, True]
    assert [offer.in_use for offer in offers] == [False, False, True]
    assert [offer.partial_bytes for offer in offers] == [7, 7, 7]
    assert {offer.photos_a_minute for offer in offers} == {None}
    assert hub.measured == 0


def test_the_machine_is_measured_once(service: ModelDownloadService, hub: FakeHub) -> None:
    first, second = service.offers(measured=True), service.offers(measured=True)

    assert first == second == service.offers()
    assert hub.measured == 1
    assert [offer.recommended for offer in first] == [False, True, False]


@pytest.mark.parametrize(
    ("speed", "best"),
    [(SLOW_CORES, LIGHT), (TWO_CORES, STANDARD), (SMALL_CARD, STANDARD), (GRAPHICS_CARD, BEST)],
)
def test_what_is_recommended_depends_on_the_device(speed: DeviceSpeed, best: str) -> None:
    assert recommended(offered(), speed) == best


def test_a_machine_too_slow_for_everything_is_offered_the_lightest() -> None:
    assert recommended(offered(), DeviceSpeed("cpu", 1, 1_000_000_000, 1)) == LIGHT


def test_a_better_model_takes_longer() -> None:
    for speed in (TWO_CORES, GRAPHICS_CARD):
        rates = [photos_a_minute(model, speed) for model in offered()]
        assert rates == sorted(rates, reverse=True)


def test_beside_a_graphics_card_decoding_sets_the_pace() -> None:
    assert photos_a_minute(offered()[0], GRAPHICS_CARD) == pytest.approx(60 * 16 / 0.08)


def test_what_is_offered_has_every_figure() -> None:
    for model in offered():
        assert model.download_bytes > 1e9
        assert model.coco_text_to_image is not None
        assert model.coco_image_to_text is not None
        assert model.imagenet_zero_shot is not None
        assert 40 < model.coco_text_to_image < model.coco_image_to_text < model.imagenet_zero_shot < 100
        assert model.licence == "Apache-2.0"
        assert model.quality.endswith(".")


def test_a_tier_stands_for_its_model_and_an_id_for_itself() -> None:
    assert hub_id_of("best") == BEST
    assert hub_id_of("somebody/something") == "somebody/something"
