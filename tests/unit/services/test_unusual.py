"""How unusual photos are, measured little by little and kept."""

import numpy as np
import pytest

from app.domain.progress import CancelToken
from app.errors import CancelledError
from app.services.unusual import UnusualPhotos
from app.vector_index.vector_store import VectorStore


@pytest.fixture
def store(tmp_path):
    """Ninety vectors close together, with labels 1 to 90, and one far away: 91."""
    made = VectorStore(tmp_path, "model", 8)
    random = np.random.default_rng(0)
    rows = np.tile(np.eye(8, dtype=np.float32)[0], (91, 1)) + random.normal(0, 0.05, (91, 8))
    rows[90] = np.eye(8)[3]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    made.add(np.arange(1, 92), rows.astype(np.float32))
    yield made
    made.close()


def all_of(unusual, store):
    return unusual.measure(store, 60.0, CancelToken())


def test_the_one_far_from_all_others_is_the_most_unusual(tmp_path, store):
    unusual = UnusualPhotos(tmp_path, "model")

    assert all_of(unusual, store) == 1.0
    numbers = unusual.of(np.arange(1, 92))
    assert numbers.argmax() == 90
    assert numbers[:90].max() < 0.1 < numbers[90]


def test_without_time_a_part_is_measured_and_the_next_call_goes_on(tmp_path, store):
    unusual = UnusualPhotos(tmp_path, "model")

    share = unusual.measure(store, 0.0, CancelToken())

    assert share == pytest.approx(64 / 91)
    assert np.isnan(unusual.of(np.arange(1, 92))).sum() == 27
    assert unusual.measure(store, 0.0, CancelToken()) == 1.0


class _Counting:
    """An index that counts its searches."""

    def __init__(self, store):
        self._store, self.searches = store, 0

    def __getattr__(self, name):
        return getattr(self._store, name)

    def search(self, embedding, k):
        self.searches += 1
        return self._store.search(embedding, k)


def test_what_was_measured_is_kept_for_the_next_start(tmp_path, store):
    all_of(UnusualPhotos(tmp_path, "model"), store)
    counting = _Counting(store)

    again = UnusualPhotos(tmp_path, "model")

    assert all_of(again, counting) == 1.0
    assert counting.searches == 0
    assert not np.isnan(again.of(np.arange(1, 92))).any()


def test_another_model_has_numbers_of_its_own(tmp_path, store):
    all_of(UnusualPhotos(tmp_path, "model"), store)

    assert np.isnan(UnusualPhotos(tmp_path, "other").of(np.arange(1, 92))).all()


def test_one_new_photo_is_measured_alone_and_a_much_larger_library_anew(tmp_path, store):
    unusual, counting = UnusualPhotos(tmp_path, "model"), _Counting(store)
    all_of(unusual, store)
    eye = np.eye(8, dtype=np.float32)

    store.add([92], eye[4:5])
    all_of(unusual, counting)
    assert counting.searches == 1

    store.add(np.arange(93, 123), eye[np.arange(30) % 8])
    all_of(unusual, counting)
    assert counting.searches == 1 + 122


def test_a_photo_that_is_gone_is_forgotten(tmp_path, store):
    unusual = UnusualPhotos(tmp_path, "model")
    all_of(unusual, store)
    store.remove([91])

    all_of(unusual, store)

    assert np.isnan(unusual.of(np.array([91]))).all()


@pytest.mark.expects_log_warnings
def test_a_damaged_file_costs_time_and_nothing_else(tmp_path, store):
    all_of(UnusualPhotos(tmp_path, "model"), store)
    (file,) = tmp_path.glob("model.unusual-*.npz")
    file.write_bytes(file.read_bytes()[:200])

    unusual = UnusualPhotos(tmp_path, "model")

    assert np.isnan(unusual.of(np.arange(1, 92))).all()
    assert all_of(unusual, store) == 1.0


def test_called_off_it_keeps_what_it_has(tmp_path, store):
    token = CancelToken()
    counting = _Counting(store)

    def cancel_then_search(embedding, k):
        token.cancel()
        return store.search(embedding, k)

    counting.search = cancel_then_search
    unusual = UnusualPhotos(tmp_path, "model")

    with pytest.raises(CancelledError):
        unusual.measure(counting, 60.0, token)

    assert np.isnan(UnusualPhotos(tmp_path, "model").of(np.arange(1, 92))).sum() == 27
