"""The parts of a search for duplicates that need no files: pairs, rules, groups, work in a pool."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.domain.duplicates import Candidate, Likeness
from app.domain.progress import CancelToken
from app.errors import CancelledError, DamagedMediaError
from app.services.duplicate_groups import around_centres, burst_group, exact_group, near_group
from app.services.duplicate_pairs import (
    NEAR_IN_BUCKET,
    Pairs,
    joined,
    measured,
    nearest_of_each,
    pairs_by_hashes,
)
from app.services.duplicate_rules import are_copies, are_no_copies, shot_key
from app.services.pooled_work import in_pool

_NOON = datetime(2024, 5, 1, 12, 0)  # noqa: DTZ001 - cameras know no zone
_SAME = Likeness((0.0, 1.0, 0.0, 1.0), telling=64, least=0.9, worst=0.95, middle=0.99)


def photo(photo_id: int, **values: object) -> Candidate:
    usual = Candidate(
        photo_id=photo_id,
        content_key=f"w1-{photo_id}",
        name=f"IMG_{photo_id}.jpg",
        directory=(1, ""),
        width=4000,
        height=3000,
        size=4_000_000,
        format="JPEG",
        taken_at=_NOON,
        by_camera=True,
        camera="Canon EOS R5",
        mtime_ns=photo_id,
        decided=False,
        has_companion=False,
    )
    return replace(usual, **values)  # type: ignore[arg-type]


# -- pairs


def _hashes(count: int) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 2**64, (count, 3), np.uint64, endpoint=False)


def _found(hashes: np.ndarray) -> set[tuple[int, int]]:
    pairs = joined(list(pairs_by_hashes(hashes, CancelToken())))
    numbers = zip(pairs.outer.tolist(), pairs.inner.tolist(), strict=True)
    return {(min(pair), max(pair)) for pair in numbers}


def test_pictures_that_differ_in_a_few_bits_are_found_among_many() -> None:
    hashes = _hashes(3000)
    hashes[2000, 0] = hashes[10, 0] ^ np.uint64(0b1000000000010000001)
    hashes[2001, 0] = hashes[11, 2] ^ np.uint64(1 << 63)  # looks like a window of number 11
    assert _found(hashes) >= {(10, 2000), (11, 2001)}


def test_no_pair_is_farther_than_it_may_be() -> None:
    hashes = _hashes(500)
    for pairs in pairs_by_hashes(hashes, CancelToken()):
        real = np.bitwise_count(hashes[pairs.outer, pairs.window] ^ hashes[pairs.inner, 0])
        assert (real <= NEAR_IN_BUCKET).all()


def test_many_pictures_of_nothing_do_not_explode() -> None:
    assert len(_found(np.zeros((300, 1), np.uint64))) <= 300 * 299 // 2


def test_proposed_pairs_know_their_window_and_are_there_once() -> None:
    hashes = _hashes(4)
    hashes[1, 0] = hashes[0, 2]
    first, second = np.array([0, 1, 2]), np.array([1, 0, 3])
    pairs = measured(hashes, first, second, 5)
    assert (pairs.outer.tolist(), pairs.inner.tolist()) == ([0], [1])
    assert (pairs.window.tolist(), pairs.distance.tolist()) == ([2], [0])


def test_of_many_copies_of_one_picture_the_nearest_are_compared() -> None:
    numbers = np.arange(1, 101)
    pairs = Pairs(np.zeros(100, np.int64), numbers, np.zeros(100, np.int64), numbers % 7)
    assert len(nearest_of_each(pairs, 1)) == 100  # each of the others has but one
    back = Pairs(np.tile(numbers[:50], 2), np.repeat([0, 51], 50), pairs.window, pairs.distance)
    kept = nearest_of_each(back, 1)
    assert 50 <= len(kept) < 100


# -- rules


def test_photos_of_other_seconds_or_cameras_are_other_shots() -> None:
    one = photo(1)
    assert are_no_copies(one, photo(2, taken_at=_NOON + timedelta(seconds=1)))
    assert are_no_copies(one, photo(2, camera="Apple iPhone 15"))
    assert not are_no_copies(one, photo(2, taken_at=_NOON.replace(microsecond=500_000, tzinfo=UTC)))
    assert not are_no_copies(one, photo(2, taken_at=None, by_camera=False, camera=""))


@pytest.mark.parametrize(
    ("inner", "likeness", "copies"),
    [
        ({}, _SAME, True),
        ({"width": 2000, "height": 1500}, _SAME, True),
        ({"width": 3000, "height": 1500}, _SAME, False),  # other proportions than the frame has
        ({"width": 3600, "height": 3000}, replace(_SAME, frame=(0.1, 1.0, 0.0, 1.0)), True),
        ({}, replace(_SAME, frame=(0.05, 1.0, 0.05, 1.0)), False),  # as large, but moved: the next shot
        ({}, replace(_SAME, worst=0.4), False),
        ({}, replace(_SAME, least=0.2), False),  # something small is elsewhere
        ({}, replace(_SAME, telling=2), False),
        ({}, replace(_SAME, oddest=5.0), True),
        ({}, replace(_SAME, oddest=9.0), False),  # another digit: smaller than any part
        ({}, replace(_SAME, unexplained=0.9), False),  # other words all over a form
        ({}, replace(_SAME, other_light=22.0), False),  # the same place on another day
    ],
)
def test_copies_are_the_same_in_all_parts_and_in_proportion(
    inner: dict[str, object], likeness: Likeness, copies: bool
) -> None:
    assert are_copies(photo(1), photo(2, **inner), likeness) is copies


def test_only_photos_that_a_camera_dated_are_of_a_moment() -> None:
    assert shot_key(photo(1)) == shot_key(photo(2))
    assert shot_key(photo(1, by_camera=False)) is None
    assert shot_key(photo(1, camera="")) != shot_key(photo(2, camera="", directory=(1, "other")))


# -- groups


def test_a_chain_of_likenesses_does_not_join_its_ends() -> None:
    alike = {1: {2}, 2: {1, 3}, 3: {2, 4}, 4: {3}}
    assert around_centres([1, 2, 3, 4], alike) == [[1, 2], [3, 4]]


def test_the_largest_copy_is_the_best_then_that_of_the_camera_then_the_oldest() -> None:
    copies = [
        photo(1, width=2000, height=1500),
        photo(2, by_camera=False),
        photo(3, mtime_ns=9, size=4_100_000),
        photo(4, mtime_ns=5),
        photo(5, size=1_000_000),
    ]
    assert near_group(copies).photo_ids == (4, 3, 5, 2, 1)


def test_raw_files_companions_and_decisions_stay() -> None:
    copies = [
        photo(1, width=8000),
        photo(2, format="RAW"),
        photo(3, has_companion=True),
        photo(4, decided=True),
    ]
    assert near_group([*copies, photo(5)]).spare == {5}
    shot = [photo(1, format="RAW", width=4100), photo(2), photo(3, width=2000)]
    assert near_group(shot).spare == {3}


def test_two_files_of_one_shot_are_no_copies_where_they_are_shown_apart() -> None:
    raw, jpeg = photo(1, name="IMG_1.CR2", format="RAW"), photo(2, name="img_1.jpg")
    assert are_no_copies(raw, jpeg)
    assert not are_no_copies(raw, replace(jpeg, directory=(1, "export")))


def test_of_equal_files_the_one_that_was_decided_about_stays_else_the_shortest_name() -> None:
    one, copy = photo(1, name="IMG (1).jpg"), photo(2, name="IMG.jpg")
    assert exact_group([one, copy]).spare == {1}
    assert exact_group([replace(one, decided=True), copy]).spare == {2}
    assert exact_group([replace(one, decided=True), replace(copy, decided=True)]).spare == set()


def test_the_sharpest_shot_is_the_best_of_a_burst() -> None:
    shots = [photo(n, taken_at=_NOON + timedelta(seconds=n)) for n in (1, 2, 3)]
    group = burst_group(shots, {"w1-1": 5.0, "w1-2": 9.0, "w1-3": 7.0})
    assert group.photo_ids == (2, 1, 3)
    assert group.spare == {1, 3}
    assert group.spare_bytes == 8_000_000


# -- work in a pool


def test_work_is_handed_back_in_order_and_what_fails_alone_is_none() -> None:
    taken: list[int | None] = []

    def double(part: Sequence[int]) -> list[int]:
        if 5 in part:
            raise DamagedMediaError("five")
        return [2 * number for number in part]

    with ThreadPoolExecutor(2) as pool:
        in_pool(
            list(range(8)),
            lambda part: pool.submit(double, part),
            at_once=3,
            tasks=2,
            cancel=CancelToken(),
            on_results=lambda part, results: taken.extend(results),
        )
    assert taken == [0, 2, 4, 6, 8, None, 12, 14]


def test_work_that_was_called_off_is_not_begun() -> None:
    cancel = CancelToken()
    asked: list[Sequence[int]] = []

    def submit(part: Sequence[int]) -> "Future[list[int]]":
        asked.append(part)
        future: Future[list[int]] = Future()
        future.set_result(list(part))
        return future

    with pytest.raises(CancelledError):
        in_pool(
            list(range(100)),
            submit,
            at_once=1,
            tasks=1,
            cancel=cancel,
            on_results=lambda part, _: cancel.cancel(),
        )
    assert len(asked) == 1
