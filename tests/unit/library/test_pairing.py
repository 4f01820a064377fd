"""Which files of one name are one shot."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.domain.companions import CompanionKind, companion_kind
from app.library.pairing import GroupFile, companions

NOON = datetime(2024, 5, 4, 12, 0, 0)  # noqa: DTZ001 - cameras know no offset
_ABROAD = timezone(timedelta(hours=9))


def group(*names: str, taken: dict[str, datetime] | None = None, hidden: str = "") -> list[GroupFile]:
    """Files numbered from 1, all shown but `hidden`."""
    dates = taken or {}
    return [
        GroupFile(number, name, f"{name.lower().rpartition('.')[0]}.", name != hidden, dates.get(name))
        for number, name in enumerate(names, 1)
    ]


def named(files: list[GroupFile], *, raw_apart: bool = False) -> dict[str, str]:
    names = {one.photo_id: one.name for one in files}
    found = companions(files, raw_apart=raw_apart)
    return {names[companion]: names[item] for companion, item in found.items()}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("IMG_0001.CR2", "IMG_0001.JPG"), {"IMG_0001.CR2": "IMG_0001.JPG"}),
        (("IMG_0001.JPG", "img_0001.nef"), {"img_0001.nef": "IMG_0001.JPG"}),
        (("IMG_0001.HEIC", "IMG_0001.MOV"), {"IMG_0001.MOV": "IMG_0001.HEIC"}),
        (("IMG_0001.DNG", "IMG_0001.MOV"), {"IMG_0001.MOV": "IMG_0001.DNG"}),
        (
            ("DSC01234.HIF", "DSC01234.ARW", "DSC01234.JPG"),
            {"DSC01234.HIF": "DSC01234.JPG", "DSC01234.ARW": "DSC01234.JPG"},
        ),
        (
            ("IMG_0001.JPG", "IMG_0001.DNG", "IMG_0001.MOV"),
            {"IMG_0001.DNG": "IMG_0001.JPG", "IMG_0001.MOV": "IMG_0001.JPG"},
        ),
        (("IMG_0001.HEIC", "IMG_0001.JPG"), {}),  # a copy in another format that somebody made
        (("IMG_0001.TIF", "IMG_0001.CR2"), {}),  # an edited copy
        (("IMG_0001.PNG", "IMG_0001.MOV"), {}),
        (("IMG_0001.MP4", "IMG_0001.JPG"), {}),  # a film of its own
        (("garden.jpg", "garden.nef"), {}),  # no camera named these, and nothing else says they are one
    ],
)
def test_undated_files_are_one_shot_where_a_camera_named_them(
    names: tuple[str, ...], expected: dict[str, str]
) -> None:
    assert named(group(*names)) == expected


@pytest.mark.parametrize(
    ("name", "first", "second", "one_shot"),
    [
        ("garden", NOON, NOON, True),
        ("garden", NOON, NOON + timedelta(seconds=3), True),
        ("garden", NOON, None, False),
        ("IMG_0001", NOON, None, True),
        ("IMG_0001", NOON, NOON + timedelta(days=400), False),  # the camera's counter began again
        ("IMG_0001", NOON, NOON + timedelta(minutes=2), False),
        ("garden", NOON.replace(tzinfo=_ABROAD), NOON.replace(tzinfo=UTC) - timedelta(hours=9), True),
        ("IMG_0001", NOON, NOON.replace(tzinfo=UTC) - timedelta(hours=9), True),  # which zone, nobody knows
        ("garden", NOON, NOON.replace(tzinfo=UTC) - timedelta(hours=9), False),
        ("IMG_0001", NOON, NOON.replace(tzinfo=UTC) - timedelta(hours=9, minutes=7), False),
    ],
)
def test_dates_say_whether_files_are_one_shot(
    name: str, first: datetime, second: datetime | None, one_shot: bool
) -> None:
    picture, film = f"{name}.JPG", f"{name}.MOV"
    dates = {picture: first} | ({film: second} if second else {})
    assert bool(named(group(picture, film, taken=dates))) is one_shot


def test_a_picture_that_cannot_be_read_stands_for_nothing() -> None:
    assert named(group("IMG_0001.JPG", "IMG_0001.CR2", hidden="IMG_0001.JPG")) == {}
    assert named(group("IMG_0001.JPG", "IMG_0001.CR2", hidden="IMG_0001.CR2")) == {
        "IMG_0001.CR2": "IMG_0001.JPG"
    }


def test_raw_files_apart_are_photos_of_their_own_and_films_are_not() -> None:
    files = group("IMG_0001.JPG", "IMG_0001.DNG", "IMG_0001.MOV")
    assert named(files, raw_apart=True) == {"IMG_0001.MOV": "IMG_0001.JPG"}


def test_a_file_belongs_to_the_photo_of_its_own_moment() -> None:
    later = NOON + timedelta(days=1)
    files = group(
        "img_0001.jpg",
        "IMG_0001.JPG",
        "IMG_0001.CR2",
        taken={"img_0001.jpg": later, "IMG_0001.JPG": NOON, "IMG_0001.CR2": NOON},
    )
    assert named(files) == {"IMG_0001.CR2": "IMG_0001.JPG"}


def test_the_kind_of_a_companion_follows_from_its_name() -> None:
    kinds = [companion_kind(name) for name in ("a.CR2", "a.MOV", "a.heic")]
    assert kinds == [CompanionKind.RAW, CompanionKind.FILM, CompanionKind.PICTURE]
