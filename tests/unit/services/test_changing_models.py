"""Changing the model: who answers meanwhile, when the other takes over, and what a restart makes of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.domain.media import Framing
from app.domain.model import Tower
from app.errors import EncoderError, LibraryError
from app.services.kept_models import KeptModelService
from app.services.models import ModelService
from tests.fake_encoder import FakeEncoder
from tests.unit.services.service_parts import add_photos, unit, wait_until
from tests.unit.services.test_models import Bench

pytestmark = pytest.mark.expects_log_warnings  # of models that cannot be used


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def identity(bench: Bench, checkpoint: str) -> str:
    return bench.checkpoints.encoders[checkpoint].spec.identity


def embed(bench: Bench, checkpoint: str, count: int, folder: str = "/photos") -> None:
    """The first `count` photos have an embedding of this model."""
    encoder = bench.checkpoints.encoders[checkpoint]
    vectors = unit(np.random.default_rng(0).standard_normal((count, encoder.spec.dim)))
    known = next((one for one in bench.library.folders.all() if one.path == folder), None)
    folder_row = known or bench.library.folders.add(folder)
    add_photos(bench.library, folder_row, [f"{number}.jpg" for number in range(count)], vectors, encoder)


def settled(bench: Bench) -> None:
    wait_until(lambda: not bench.models.busy)


def restart(bench: Bench) -> ModelService:
    """As after a kill: nothing but what is stored is known."""
    bench.models.close()
    for name, old in bench.checkpoints.encoders.items():
        bench.checkpoints.encoders[name] = FakeEncoder(revision=old.spec.revision, dim=old.spec.dim)
    bench.models = bench.new_models()
    bench.models.load()
    settled(bench)
    return bench.models


def test_the_model_before_answers_until_the_other_takes_over(bench):
    embed(bench, "fake", 10)
    bench.load()
    bench.change("other")

    assert bench.models.identity == identity(bench, "fake")
    assert bench.models.status().coming
    assert bench.models.targets.keep_up
    assert not bench.checkpoints.encoders["fake"].closed

    bench.models.take_over(identity(bench, "other"))
    settled(bench)

    assert bench.models.identity == identity(bench, "other")
    assert not bench.models.status().coming
    assert bench.checkpoints.encoders["fake"].closed
    assert Tower.TEXT in bench.checkpoints.encoders["other"].prepared
    assert bench.library.models.answering().identity == identity(bench, "other")


def test_a_search_that_is_under_way_keeps_its_model(bench):
    embed(bench, "fake", 10)
    bench.load()
    bench.change("other")
    with bench.models.in_use():
        bench.models.use_now()
        wait_until(lambda: bench.models.identity == identity(bench, "other"))
        assert not bench.checkpoints.encoders["fake"].closed

    wait_until(lambda: bench.checkpoints.encoders["fake"].closed)


def test_a_change_goes_on_after_a_restart(bench):
    embed(bench, "fake", 10)
    bench.load()
    bench.change("other")
    embed(bench, "other", 4)

    models = restart(bench)

    assert models.identity == identity(bench, "fake")
    assert models.targets.coming.identity == identity(bench, "other")
    assert models.targets.coming.index.status().count == 4


def test_a_change_that_was_finished_before_a_kill_is_not_begun_again(bench):
    embed(bench, "fake", 10)
    bench.load()
    bench.change("other")
    embed(bench, "other", 10)

    models = restart(bench)

    assert models.identity == identity(bench, "other")
    assert models.targets.coming is None
    assert bench.checkpoints.opened[-1].startswith("other")


def test_what_only_a_command_line_chose_is_changed_to_as_well(bench):
    embed(bench, "fake", 10)
    bench.load()
    settled(bench)
    bench.store.save(bench.store.load().model_copy(update={"checkpoint": "other"}))

    models = restart(bench)

    assert models.identity == identity(bench, "fake")
    assert models.targets.coming.identity == identity(bench, "other")


def test_changing_back_is_instant_though_a_photo_came_since(bench):
    embed(bench, "fake", 99)
    embed(bench, "other", 100)
    bench.load("other")
    settled(bench)

    bench.models.use("fake")
    settled(bench)

    assert bench.models.identity == identity(bench, "fake")
    assert bench.models.targets.coming is None


def test_a_change_can_be_called_off(bench):
    embed(bench, "fake", 10)
    bench.load()
    settled(bench)
    bench.change("other")

    assert bench.models.stay() == "fake"
    settled(bench)

    assert bench.store.load().checkpoint == "fake"
    assert bench.models.targets.coming is None
    assert bench.checkpoints.encoders["other"].closed
    assert not bench.checkpoints.encoders["fake"].closed
    assert bench.models.identity == identity(bench, "fake")


def test_a_third_model_takes_the_place_of_the_second(bench):
    embed(bench, "fake", 10)
    bench.checkpoints.encoders["third"] = FakeEncoder(revision="fake-3", dim=16)
    bench.load()
    bench.change("other")

    bench.change("third")

    assert bench.models.identity == identity(bench, "fake")
    assert bench.checkpoints.encoders["other"].closed


def test_a_model_that_knows_little_gets_no_more_photos(bench):
    embed(bench, "fake", 10)
    add = [f"later {number}.jpg" for number in range(30)]
    vectors = unit(np.random.default_rng(1).standard_normal((30, 32)))
    add_photos(bench.library, bench.library.folders.all()[0], add, vectors, FakeEncoder(revision="x", dim=32))
    bench.load()

    bench.change("other")

    assert not bench.models.targets.keep_up


def test_a_model_that_cannot_embed_never_comes(bench, monkeypatch):
    embed(bench, "fake", 10)
    bench.load()
    settled(bench)

    def refuse():
        raise EncoderError("It does not fit into memory.")

    monkeypatch.setattr(bench.checkpoints.encoders["other"], "provenance", refuse)
    bench.models.use("other")
    settled(bench)

    assert bench.models.status().message == "It does not fit into memory."
    assert bench.models.targets.coming is None
    assert bench.models.identity == identity(bench, "fake")
    assert bench.checkpoints.encoders["other"].closed


def test_a_lost_checkpoint_leaves_the_model_that_answered_before(bench):
    embed(bench, "fake", 10)
    bench.load()
    bench.change("other")
    bench.models.close()
    del bench.checkpoints.encoders["other"]

    models = restart(bench)

    assert models.identity == identity(bench, "fake")
    assert "no model in other" in models.status().message


def test_a_model_before_that_works_no_more_is_not_waited_for(bench):
    embed(bench, "fake", 10)
    bench.load()
    bench.change("other")
    bench.models.close()
    bench.checkpoints.encoders = {
        "fake": FakeEncoder(), "other": FakeEncoder(revision="fake-2", dim=32)
    }  # fmt: skip
    bench.checkpoints.encoders["fake"].failure = EncoderError("It does not fit into memory.")
    bench.models = bench.new_models()

    bench.models.load()
    settled(bench)

    assert bench.models.identity == identity(bench, "other")
    assert bench.models.targets.coming is None


def test_a_search_beside_a_change_is_answered_by_the_model_that_knows_the_library(bench):
    embed(bench, "fake", 10)
    bench.load()
    bench.change("other")
    bench.models.close()
    bench.models = bench.new_models(for_indexing=False)

    bench.models.load()
    settled(bench)

    assert bench.models.identity == identity(bench, "fake")
    assert bench.models.targets.coming is None


def test_other_patches_of_a_naflex_model_are_a_change_like_any_other(bench):
    embed(bench, "fake", 10)
    bench.load()
    settled(bench)
    assert bench.models.patches() is None
    naflex = FakeEncoder(revision="naflex", dim=16)
    spec = replace(naflex.spec.pixel_spec, framing=Framing.NAFLEX, max_patches=1024)
    naflex._spec = replace(naflex.spec, pixel_spec=spec)
    bench.checkpoints.encoders["fake"] = naflex  # what the same folder is at 1,024 patches

    bench.models.use_patches(1024)
    settled(bench)

    assert bench.models.patches() == bench.store.load().naflex_patches == 1024
    assert bench.models.targets.coming.identity == naflex.spec.identity
    assert bench.models.stay() == "fake"
    assert bench.store.load().naflex_patches is None


# -- embeddings that are kept


def kept_service(bench: Bench) -> KeptModelService:
    return KeptModelService(
        bench.library, bench.root / "vectors", bench.root / "exports", bench.models, bench.store
    )


def test_kept_models_tell_what_they_find_and_take(bench):
    embed(bench, "fake", 10)
    bench.load()
    bench.change("other")
    embed(bench, "other", 4)
    bench.models.target.index.save()

    first, second = kept_service(bench).all()

    assert (first.answering, first.photos, second.coming, second.photos) == (True, 10, True, 4)
    assert first.library_bytes > 10 * 128
    assert first.file_bytes > 10 * 128
    change = kept_service(bench).change()
    assert (change.done, change.total) == (4, 10)


def test_models_in_use_cannot_be_deleted(bench):
    embed(bench, "fake", 10)
    bench.load()
    bench.change("other")
    embed(bench, "other", 4)

    for checkpoint in ("fake", "other"):
        with pytest.raises(LibraryError):
            kept_service(bench).delete(identity(bench, checkpoint))

    assert [model.embeddings for model in kept_service(bench).all()] == [10, 4]


def test_deleting_a_model_takes_its_rows_its_files_and_its_exports(bench):
    embed(bench, "fake", 10)
    embed(bench, "other", 10)
    bench.load("fake")
    settled(bench)
    gone = identity(bench, "other")
    bench.models.use("other")
    settled(bench)
    bench.models.target.index.save()
    bench.models.use("fake")
    settled(bench)
    (bench.root / "exports" / gone).mkdir(parents=True)
    (bench.root / "exports" / gone / "model.bin").write_bytes(b"x" * 100)
    assert list((bench.root / "vectors").glob(f"{gone}.*"))

    kept_service(bench).delete(gone)

    assert [model.identity for model in kept_service(bench).all()] == [identity(bench, "fake")]
    assert not list((bench.root / "vectors").glob(f"{gone}.*"))
    assert not (bench.root / "exports" / gone).exists()
    assert bench.library.photos.counts(identity(bench, "fake")).embedded == 10
    assert len(bench.library.photos.next_unembedded(gone, 20)) == 10
    bench.library.compact()


def test_a_model_is_named_by_identity_or_by_a_name_of_its_own(bench):
    embed(bench, "fake", 2)
    kept = kept_service(bench)

    assert kept.find("fake").identity == kept.find(identity(bench, "fake")).identity
    embed(bench, "other", 2)
    with pytest.raises(LibraryError, match="identity"):
        kept.find("fake")
    with pytest.raises(LibraryError, match="No model"):
        kept.find("unknown")
