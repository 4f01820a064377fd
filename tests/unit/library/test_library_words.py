"""Finding photos by words, in whatever script and however hostile."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from library_builder import MODEL, PLAIN, Shelf, found

from app.domain.query import SearchFilters
from app.library.library import Library


def _fill(shelf: Shelf) -> Shelf:
    shelf.index_one("IMG_4711.jpg", replace(PLAIN, camera_make="Canon", camera_model="EOS R5"))
    shelf.index_one("IMG4712.jpg", replace(PLAIN, lens="Summilux 28mm"))
    shelf.index_one("Zürich/Café am See.jpg", replace(PLAIN, keywords=("Frühstück", "crème brûlée")))
    shelf.index_one("北京旅行/照片.jpg", replace(PLAIN, title="海滩日落", caption="在海边"))
    shelf.index_one("Москва/Ёлка.jpg", replace(PLAIN, title="Красная площадь"))
    shelf.index_one("서울/남산타워.jpg", replace(PLAIN, taken_at=datetime(2019, 3, 8)))  # noqa: DTZ001
    shelf.index_one("नेपाल/पहाड़.jpg")
    shelf.index_one("مراكش/صورة.jpg")
    shelf.index_one("100%_done.jpg")
    return shelf


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory, empty_library: Path) -> Iterator[Shelf]:
    """Only read by the tests."""
    database = shutil.copy(empty_library, tmp_path_factory.mktemp("words") / "library.db")
    library = Library.open(database)
    library.embeddings.ensure_model(MODEL)
    yield _fill(Shelf(library, library.folders.add("/pictures/Urlaub"), database))
    library.close()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("4711", ["IMG_4711"]),
        ("img_4711", ["IMG_4711"]),
        ("IMG 4711", ["IMG_4711"]),
        ("4712", ["IMG4712"]),
        ("g_47", ["IMG_4711"]),
        ("img47", ["IMG4712"]),
        ("eos", ["IMG_4711"]),
        ("canon r5", ["IMG_4711"]),
        ("summilux", ["IMG4712"]),
        ("anon", ["IMG_4711"]),
        ("mmilux 4712", ["IMG4712"]),
        ("zurich", ["Café am See"]),
        ("ZÜRICH", ["Café am See"]),
        ("cafe", ["Café am See"]),
        ("caf", ["Café am See"]),
        ("creme brulee", ["Café am See"]),
        ("fruhst", ["Café am See"]),
        ("rühst", ["Café am See"]),
        ("海滩", ["照片"]),
        ("日落", ["照片"]),
        ("滩日", ["照片"]),
        ("海", ["照片"]),
        ("旅行", ["照片"]),
        ("北京旅行", ["照片"]),
        ("北京 日落", ["照片"]),
        ("москва", ["Ёлка"]),
        ("ёлка", ["Ёлка"]),
        ("красн площадь", ["Ёлка"]),
        ("лощад", ["Ёлка"]),
        ("남산", ["남산타워"]),
        ("타워", ["남산타워"]),
        ("पहाड़", ["पहाड़"]),
        ("صورة", ["صورة"]),
        ("مراكش", ["صورة"]),
        ("2019", ["남산타워"]),
        ("2019-03", ["남산타워"]),
        ("2019-03-08", ["남산타워"]),
        ("100%", ["100%_done"]),
        ("canon zurich", []),
        ("nowhere", []),
        ("", []),
        ("  ", []),
        ('"', []),
        ("!", []),
    ],
)
def test_words_find_photos_in_every_script(words: Shelf, text: str, names: list[str]) -> None:
    photos = words.photos.get(words.photos.search_words(text))
    assert [Path(photo.path).stem for photo in photos] == names


def test_the_name_of_the_watched_folder_is_found_too(words: Shelf) -> None:
    assert len(words.photos.search_words("urlaub")) == 9


def test_decomposed_names_are_found_by_what_people_type(shelf: Shelf) -> None:
    shelf.add("Cafe\u0301.jpg", "\u1112\u1161\u11ab\u1100\u1173\u11af.jpg", "か\u3099くせい.jpg")
    assert len(shelf.photos.search_words("café")) == 1
    assert len(shelf.photos.search_words("한글")) == 1
    assert len(shelf.photos.search_words("がく")) == 1


def test_undecodable_names_are_found_by_the_rest(shelf: Shelf) -> None:
    shelf.add("caf\udce9 latte.jpg")
    assert len(shelf.photos.search_words("latte")) == 1
    assert len(shelf.photos.search_words("caf\udce9")) == 1


def test_signs_of_like_patterns_mean_themselves(shelf: Shelf) -> None:
    percent, _ = shelf.add("x滩%.jpg", "x滩y.jpg")
    assert shelf.photos.search_words("滩%") == [percent]
    assert shelf.photos.search_words("滩_") == []


def test_own_words_come_before_folders_and_folders_before_fragments(shelf: Shelf) -> None:
    fragment = shelf.index_one("xrom.jpg")
    folder = shelf.index_one("rom/1.jpg")
    title = shelf.index_one("2.jpg", replace(PLAIN, title="Rom"))
    assert shelf.photos.search_words("rom") == [title, folder, fragment]
    assert shelf.photos.search_words("rom", limit=2) == [title, folder]


def test_many_matches_come_newest_first_and_within_the_filters(shelf: Shelf) -> None:
    paths = (f"{'in' if number % 2 else 'out'}/IMG_{number}.jpg" for number in range(2500))
    shelf.apply(added=tuple(map(found, paths)))
    assert shelf.photos.search_words("img") == shelf.photos.ids().tolist()
    filters = SearchFilters(folder_id=shelf.folder.folder_id, subfolder="in")
    assert shelf.photos.search_words("img", filters) == shelf.photos.ids(filters).tolist()
    assert shelf.photos.search_words("img", limit=7) == shelf.photos.ids().tolist()[:7]


def test_words_follow_what_photos_say_now(shelf: Shelf) -> None:
    [a] = shelf.add("before.jpg")
    shelf.apply(moved=((a, found("after.jpg")),))
    assert shelf.photos.search_words("before") == []
    assert shelf.photos.search_words("after") == [a]


_SYNTAX = st.sampled_from(
    [
        '"',
        "'",
        "*",
        "^",
        "(",
        ")",
        "-",
        "+",
        ":",
        "{",
        "}",
        "AND",
        "OR",
        "NOT",
        "NEAR(",
        "name:",
        " ",
        "\0",
        "\\",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(_SYNTAX | st.text(max_size=6) | st.sampled_from(["img", "海滩", "caf"]), max_size=8).map("".join)
)
def test_no_text_breaks_the_search(words: Shelf, text: str) -> None:
    photo_ids = words.photos.search_words(text)
    assert len(photo_ids) == len(set(photo_ids))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_every_part_of_a_name_finds_it(words: Shelf, data: st.DataObject) -> None:
    photo = data.draw(st.sampled_from(words.photos.get(words.photos.ids())))
    name = words.relative(photo).replace("/", " ")
    start = data.draw(st.integers(0, len(name) - 3))
    part = name[start : data.draw(st.integers(start + 3, len(name)))]
    if any(len(term) < 3 for term in part.split()) or not part.split():
        return
    assert photo.photo_id in words.photos.search_words(part)


def test_very_long_texts_are_answered(words: Shelf) -> None:
    assert words.photos.search_words("海" * 100_000) == []
    assert words.photos.search_words(" ".join(map(str, range(10_000)))) == []
