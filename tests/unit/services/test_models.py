"""Choosing, switching and losing models."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.domain.model import Tower
from app.domain.status import ModelState
from app.errors import CheckpointError, EncoderError
from app.indexing.embedding_target import EmbeddingTargets
from app.library.library import Library
from app.services.models import ModelService
from app.settings import SettingsStore
from tests.fake_encoder import FakeEncoder
from tests.unit.services.service_parts import FakeCheckpoints, Statuses, add_photos, chosen, unit, wait_until

pytestmark = pytest.mark.expects_log_warnings  # of models that cannot be used


class Bench:
    """A model service and everything around it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.library = Library.open(root / "library.db")
        self.checkpoints = FakeCheckpoints(
            {"fake": FakeEncoder(), "other": FakeEncoder(revision="fake-2", dim=32)}
        )
        self.store = SettingsStore(root / "settings.json")
        self.targets: list[str | None] = []
        self.statuses = Statuses()
        self.models = self.new_models()

    def new_models(self, **options: bool) -> ModelService:
        models = ModelService(
            self.library, self.root / "vectors", self.store, self.checkpoints.parts(),
            on_targets=self._note_targets, **options,
        )  # fmt: skip
        models.subscribe(self.statuses)
        return models

    def _note_targets(self, targets: EmbeddingTargets) -> None:
        self.targets.append(targets.answering and targets.answering.identity)

    def load(self, checkpoint: str = "fake") -> None:
        chosen(self.store, checkpoint)
        self.models.load()
        self.statuses.wait_for(ModelState.READY)

    def use(self, checkpoint: str | None, state: ModelState = ModelState.READY, device: str = "auto"):
        before = len(self.statuses.seen)
        self.models.use(checkpoint, device)
        return self.statuses.wait_for(state, before)

    def change(self, checkpoint: str) -> None:
        """Choose another model; returns when it is embedding the library behind."""
        identity = self.checkpoints.encoders[checkpoint].spec.identity
        self.models.use(checkpoint)
        wait_until(lambda: (coming := self.models.targets.coming) is not None and coming.identity == identity)
        wait_until(lambda: not self.models.busy)

    def add(self, count: int) -> None:
        encoder = self.checkpoints.encoders["fake"]
        vectors = unit(np.random.default_rng(0).standard_normal((count, encoder.spec.dim)))
        folder = self.library.folders.add("/photos")
        add_photos(self.library, folder, [f"{number}.jpg" for number in range(count)], vectors, encoder)

    def close(self) -> None:
        self.models.close()
        self.library.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def test_without_a_choice_there_is_no_model(bench):
    bench.models.load()

    bench.statuses.wait_for(ModelState.NONE)
    assert bench.models.target is None
    assert bench.models.identity is None


def test_a_chosen_model_is_loaded_words_first(bench):
    bench.load()
    bench.models.close()

    assert [status.state for status in bench.statuses.seen] == [
        ModelState.LOADING, ModelState.LOADING, ModelState.READY, ModelState.READY
    ]  # fmt: skip
    assert [status.device for status in bench.statuses.seen][-2:] == ["", "cpu"]
    assert bench.targets == [bench.checkpoints.encoders["fake"].spec.identity]


def test_a_model_about_to_load_is_never_taken_for_none(bench):
    chosen(bench.store, "fake")
    bench.models.load()

    assert bench.models.status().state is not ModelState.NONE


def test_a_lost_model_fails_with_the_reason(bench):
    chosen(bench.store, "lost")
    bench.models.load()

    status = bench.statuses.wait_for(ModelState.FAILED)
    assert (status.name, status.message) == ("lost", "There is no model in lost.")


def test_damaged_settings_fail_with_the_reason(bench):
    bench.store.path.write_text("{")
    bench.models.load()

    assert "damaged" in bench.statuses.wait_for(ModelState.FAILED).message


def test_a_bug_while_loading_leaves_nobody_waiting(bench):
    bench.checkpoints.encoders["fake"].failure = RuntimeError("a bug")
    chosen(bench.store)
    bench.models.load()

    assert "log file" in bench.statuses.wait_for(ModelState.FAILED).message


def test_a_model_that_is_none_changes_nothing(bench):
    bench.load()

    with pytest.raises(CheckpointError):
        bench.models.use("lost")

    assert bench.store.load().checkpoint == "fake"
    assert bench.models.status().state is ModelState.READY
    assert not bench.checkpoints.encoders["fake"].closed


def test_a_model_whose_index_cannot_be_opened_leaves_the_one_before_in_use(bench, monkeypatch):
    bench.load()
    before = bench.models.target

    def refuse(*_):
        raise EncoderError("It will not open.")

    monkeypatch.setattr(bench.library.embeddings, "ensure_model", refuse)
    seen = len(bench.statuses.seen)
    bench.models.use("other")
    status = bench.statuses.wait_for(ModelState.READY, seen)

    assert (status.name, status.message) == ("fake", "It will not open.")
    assert bench.models.target.index is before.index
    assert bench.checkpoints.encoders["other"].closed
    assert not bench.checkpoints.encoders["fake"].closed


def test_changing_the_model_and_back_keeps_all_embeddings(bench):
    bench.add(5)
    bench.load()
    identity = bench.models.identity
    bench.change("other")
    bench.models.use_now()
    wait_until(lambda: bench.checkpoints.encoders["fake"].closed)
    assert bench.models.target.index.status().count == 0

    bench.checkpoints.encoders["fake"] = FakeEncoder()
    bench.models.use("fake")
    wait_until(lambda: bench.models.identity == identity and not bench.models.busy)

    assert bench.models.targets.coming is None
    assert bench.models.target.index.status().count == 5
    assert bench.library.embeddings.count(identity) == 5
    assert bench.checkpoints.encoders["fake"].images_encoded == 0
    assert bench.store.load().checkpoint == "fake"


def test_another_device_goes_on_with_the_same_index(bench):
    bench.load()
    bench.checkpoints.encoders["fake"] = FakeEncoder()

    bench.use("fake", device="cpu")

    assert len(bench.checkpoints.indexes) == 1
    assert bench.checkpoints.opened == ["fake on auto", "fake on cpu"]
    assert bench.models.target.encoder is bench.checkpoints.encoders["fake"]


def test_no_model_can_be_chosen_too(bench):
    bench.load()

    bench.use(None, ModelState.NONE)

    assert bench.models.target is None
    assert bench.targets[-1] is None
    assert bench.store.load().checkpoint is None


def test_a_device_that_is_not_there_is_told(bench):
    bench.checkpoints.encoders["fake"].noted = "There is no graphics card; the processor is used."
    bench.load()

    assert "no graphics card" in bench.models.status().message


def test_a_search_without_indexing_never_asks_for_the_image_tower(bench, monkeypatch):
    encoder = bench.checkpoints.encoders["fake"]
    asked = []
    monkeypatch.setattr(encoder, "provenance", lambda: asked.append(1))
    chosen(bench.store)
    models = bench.new_models(for_indexing=False)
    models.load()
    bench.statuses.wait_for(ModelState.READY)
    models.close()

    assert not asked
    assert [tower.value for tower in encoder.prepared] == ["text"]


@pytest.mark.parametrize("damage", ["missing", "damaged", "stale"])
def test_an_index_file_is_brought_up_to_the_library(bench, damage):
    bench.add(20)
    bench.load()
    index = bench.models.target.index
    if damage == "stale":
        index.remove(index.labels()[:7])
        index.add([999], np.eye(1, 64, dtype=np.float32))
    index.save()
    bench.models.close()
    for file in (bench.root / "vectors").iterdir():
        if damage == "missing":
            file.unlink()
        elif damage == "damaged":
            file.write_bytes(file.read_bytes()[:-9] + b"nonsense!")
    bench.models = bench.new_models()
    bench.models.load()
    bench.statuses.wait_for(ModelState.READY, len(bench.statuses.seen))

    identity = bench.models.identity
    assert bench.models.target.index.labels().tolist() == bench.library.embeddings.labels(identity).tolist()


def test_closing_while_a_model_is_loading_waits_for_nothing_and_leaves_nothing(bench, monkeypatch):
    encoder = bench.checkpoints.encoders["fake"]
    preparing, closed = threading.Event(), threading.Event()

    def prepare(_):
        preparing.set()
        assert closed.wait(20)
        raise EncoderError("closed")

    monkeypatch.setattr(encoder, "prepare", prepare)
    monkeypatch.setattr(encoder, "close", closed.set)
    chosen(bench.store)
    bench.models.load()
    assert preparing.wait(20)

    bench.models.close()

    assert closed.is_set()
    assert bench.models.target is None


def test_closing_before_a_model_is_open_closes_it_too(bench, monkeypatch):
    opening, go_on = threading.Event(), threading.Event()
    ensure = bench.library.embeddings.ensure_model

    def slowly(spec):
        opening.set()
        assert go_on.wait(20)
        ensure(spec)

    monkeypatch.setattr(bench.library.embeddings, "ensure_model", slowly)
    chosen(bench.store)
    bench.models.load()
    assert opening.wait(20)
    closer = threading.Thread(target=bench.models.close)
    closer.start()
    while not bench.models._open.cancel.cancelled:
        bench.models.status()
    go_on.set()
    closer.join(20)

    assert bench.models.target is None
    assert bench.checkpoints.encoders["fake"].closed
    assert bench.targets == []


def test_closing_twice_or_without_having_loaded_does_nothing(bench):
    bench.models.close()
    bench.models.close()
    bench.models.load()

    assert bench.models.status().state is ModelState.NONE


def test_without_a_window_words_need_no_memory_and_with_one_they_are_quick_at_once(bench):
    bench.models.rest()  # no model yet: nothing to give back
    bench.load()
    encoder = bench.checkpoints.encoders["fake"]
    bench.models.rest()
    assert encoder.released == [Tower.TEXT]
    before = len(encoder.prepared)
    bench.models.wake()
    assert encoder.prepared[before:] == [Tower.TEXT]


def test_a_file_is_remembered_as_the_checkpoint_it_was_converted_into(bench):
    bench.checkpoints.converted["/downloads/mcip.pth"] = "fake"

    used = bench.models.use("/downloads/mcip.pth")

    bench.statuses.wait_for(ModelState.READY)
    assert used == bench.store.load().checkpoint == "fake"


def test_the_patches_of_the_settings_reach_the_encoder(bench):
    bench.store.save(bench.store.load().model_copy(update={"naflex_patches": 576}))

    bench.use("fake")
    bench.use("other", device="cpu")

    assert bench.checkpoints.opened == ["fake on auto with 576 patches", "other on cpu with 576 patches"]
