"""Any text is understood or explained, and what was understood can be typed again."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.conditions import (
    Circle,
    Condition,
    DateRange,
    Field,
    FileType,
    NumberRange,
    Shape,
    SortOrder,
    Trait,
)
from app.domain.query import QueryTerm, SearchQuery
from app.services.query_language import (
    ParsedQuery,
    PartKind,
    as_words,
    format_condition,
    format_query,
    parse_query,
    understood,
)

TODAY = date(2026, 11, 21)  # a Saturday
PLACES = {"lisbon": (38.72, -9.14), "京都": (35.01, 135.77)}


def parse(text: str) -> ParsedQuery:
    return parse_query(text, TODAY, lambda name: PLACES.get(name.casefold()))


def only(text: str) -> Condition:
    parsed = parse(text)
    assert not parsed.problems
    assert not parsed.words
    (condition,) = parsed.conditions
    return condition


def days(text: str) -> tuple[str, str]:
    value = only(text).value
    assert isinstance(value, DateRange)
    return str(value.first or ""), str(value.last or "")


def test_words_alone_are_meaning():
    parsed = parse("  an old woman  laughing in a red kitchen ")
    assert parsed.words == "an old woman laughing in a red kitchen"
    assert parsed.conditions == parsed.excluded == parsed.problems == ()


def test_all_kinds_together():
    parsed = parse('dog -cat beach "IMG_47" camera:canon -"red car" -is:favourite')
    assert parsed.words == "dog beach"
    assert parsed.excluded == ("cat", "red car")
    assert parsed.conditions == (
        Condition(Field.TEXT, "IMG_47"),
        Condition(Field.CAMERA, "canon"),
        Condition(Field.IS, Trait.FAVOURITE, negated=True),
    )


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("date:2019", "2019-01-01", "2019-12-31"),
        ("date:2019-06", "2019-06-01", "2019-06-30"),
        ("date:2020-2", "2020-02-01", "2020-02-29"),
        ("date:2019-06-05", "2019-06-05", "2019-06-05"),
        ("date:2019-06..2019-08", "2019-06-01", "2019-08-31"),
        ("date:..2019", "", "2019-12-31"),
        ("date:2019..", "2019-01-01", ""),
        ("after:2019", "2020-01-01", ""),
        ("before:2019-06", "", "2019-05-31"),
        ("date:yesterday", "2026-11-20", "2026-11-20"),
        ('date:"last month"', "2026-10-01", "2026-10-31"),
        ("last summer", "2026-06-01", "2026-08-31"),
        ("last autumn", "2025-09-01", "2025-11-30"),
        ("winter 2018", "2018-12-01", "2019-02-28"),
        ("this week", "2026-11-16", "2026-11-22"),
        ("last 3 weeks", "2026-10-31", "2026-11-21"),
        ("letzten Sommer", "2026-06-01", "2026-08-31"),
        ("gestern", "2026-11-20", "2026-11-20"),
        ("Juni 2019", "2019-06-01", "2019-06-30"),
        ("letztes Jahr", "2025-01-01", "2025-12-31"),
        ("2019", "2019-01-01", "2019-12-31"),
        ("in 2019", "2019-01-01", "2019-12-31"),
        ("in May", "2026-05-01", "2026-05-31"),
        ("im Dezember", "2025-12-01", "2025-12-31"),
        ("from last summer", "2026-06-01", "2026-08-31"),
        ("in the summer of 2019", "2019-06-01", "2019-08-31"),
        ("Christmas 2020", "2020-12-24", "2020-12-26"),
        ("last Christmas", "2025-12-24", "2025-12-26"),
        ("Ostern 2024", "2024-03-29", "2024-04-01"),
        ("Silvester 2023", "2023-12-31", "2023-12-31"),
        ("3 June 2019", "2019-06-03", "2019-06-03"),
        ("June 3rd, 2019", "2019-06-03", "2019-06-03"),
        ("am 3. Juni 2019", "2019-06-03", "2019-06-03"),
        ("date:3.6.2019", "2019-06-03", "2019-06-03"),
        ("2 years ago", "2024-01-01", "2024-12-31"),
        ("vor 3 Tagen", "2026-11-18", "2026-11-18"),
        ("last weekend", "2026-11-14", "2026-11-15"),
        ("letzten Sonntag", "2026-11-15", "2026-11-15"),
        ("last winter", "2025-12-01", "2026-02-28"),
        ("since 2019", "2019-01-01", ""),
    ],
)
def test_dates(text: str, first: str, last: str) -> None:
    assert days(text) == (first, last)


def test_a_date_in_plain_words_leaves_the_other_words():
    parsed = parse("children playing last summer in the garden")
    assert [part.kind for part in parsed.parts] == [PartKind.WORDS, PartKind.CONDITION, PartKind.WORDS]
    assert parsed.words == "children playing in the garden"
    assert parsed.without(parsed.parts[1]) == "children playing in the garden"


@pytest.mark.parametrize(
    "text",
    [
        "7 dwarfs",
        "the last supper",
        "may",
        "may in the garden",
        "summer dress",
        "christmas tree",
        "sunday roast",
        "12:30 train",
        "spring flowers",
        "4711 2119",
        "2019-06-05",
        "last of the summer wine",
    ],
)
def test_what_is_no_date_stays_words(text: str) -> None:
    assert parse(text).words == text


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("rating:4", Condition(Field.RATING, NumberRange(4, 4))),
        ("rating:>=4", Condition(Field.RATING, NumberRange(4, None))),
        ("rating:>3", Condition(Field.RATING, NumberRange(4, None))),
        ("rating:<2", Condition(Field.RATING, NumberRange(None, 1))),
        ("rating:2..3", Condition(Field.RATING, NumberRange(2, 3))),
        ("size:>=12mp", Condition(Field.SIZE, NumberRange(12, None))),
        ("type:raw", Condition(Field.TYPE, FileType.RAW)),
        ("type:JPG", Condition(Field.TYPE, FileType.JPEG)),
        ("is:favorite", Condition(Field.IS, Trait.FAVOURITE)),
        ("orientation:vertical", Condition(Field.ORIENTATION, Shape.PORTRAIT)),
        ('folder:"Summer 2019"', Condition(Field.FOLDER, "Summer 2019")),
        ("tag:family", Condition(Field.KEYWORD, "family")),
        ("near:lisbon", Condition(Field.NEAR, Circle(38.72, -9.14, 25, "lisbon"))),
        ("near:京都~500m", Condition(Field.NEAR, Circle(35.01, 135.77, 0.5, "京都"))),
        ("near:38.7,-9.1~2km", Condition(Field.NEAR, Circle(38.7, -9.1, 2))),
        ("CAMERA:Leica", Condition(Field.CAMERA, "Leica")),
        (r'"a \"quoted\" name"', Condition(Field.TEXT, 'a "quoted" name')),
    ],
)
def test_filters(text: str, condition: Condition) -> None:
    assert only(text) == condition


@pytest.mark.parametrize(
    ("text", "word", "instead"),
    [
        ("camra:canon", "camera", "camera:canon"),
        ("foo:bar", "There is no filter foo:", '"foo:bar"'),
        ("type:jpgg", "type:jpeg", "type:jpeg"),
        ("rating:9", "0 to 5", "rating:5"),
        ("rating:>=9", "0 to 5", "rating:5"),
        ("date:2019-13", "date:2019-06", "date:2019"),
        ("date:2019-02-30", "date:2019-06", "date:2019-02"),
        ("date:2020..2019", "date:2019-06", "date:2019..2020"),
        ("date:yesterdy", "date:2019-06", "date:yesterday"),
        ("date:whenever", "date:2019-06", ""),
        ("is:favorit", "is:favourite", "is:favourite"),
        ("-foldr:x", "folder:", "-folder:x"),
        ('foldr:"a b"', "folder:", 'folder:"a b"'),
        ("place:Lisbon~5km", "near:", "near:Lisbon~5km"),
        ("near:Atlantis", "Atlantis", ""),
        ("near:99,0", "-90 to 90", ""),
        ("size:big", "megapixels", ""),
        ("before:0001", "calendar", ""),
        ('""', "exact words", ""),
        ("sort:dat", "sort:date", "sort:date"),
        ("sort:name", "sort:relevance, sort:date, sort:unusual", ""),
        ("-sort:date", "minus", "sort:date"),
    ],
)
def test_a_mistyped_filter_is_explained_in_place(text: str, word: str, instead: str) -> None:
    parsed = parse(f"dog {text} beach")
    assert parsed.words == "dog beach"
    (part,) = (part for part in parsed.parts if part.kind is PartKind.PROBLEM)
    assert parsed.text[part.start : part.end] == text
    assert part.problem is not None
    assert word in part.problem.message
    assert part.problem.instead == instead
    assert not part.problem.unfinished


@pytest.mark.parametrize("text", ["date:", "camera:", "sort:", '"', "rating:", "near:", 'folder:"', "dog -"])
def test_what_is_being_typed_gets_a_hint_and_no_complaint(text: str) -> None:
    (problem,) = parse(text).problems
    assert problem.unfinished


@pytest.mark.parametrize(
    ("year", "sunday"),
    [
        (1954, "1954-04-18"),
        (2000, "2000-04-23"),
        (2019, "2019-04-21"),
        (2025, "2025-04-20"),
        (2038, "2038-04-25"),
    ],
)
def test_easter_is_where_the_churches_have_it(year: int, sunday: str) -> None:
    friday, monday = (date.fromisoformat(day) for day in days(f"easter {year}"))
    assert str(friday + timedelta(2)) == str(monday - timedelta(1)) == sunday


def test_a_dash_between_words_is_no_mistake():
    assert parse("Porto - Lisbon").words == "Porto - Lisbon"


def test_this_winter_began_last_december():
    found = parse_query("this winter", date(2027, 1, 10)).conditions[0].value
    assert found == DateRange(date(2026, 12, 1), date(2027, 2, 28))
    earlier = parse_query("last winter", date(2027, 1, 10)).conditions[0].value
    assert earlier == DateRange(date(2025, 12, 1), date(2026, 2, 28))


@pytest.mark.parametrize(
    "text", ["last summer dress", "in the summer of 2019 we danced", "2019", "usa today in May 2020"]
)
def test_a_date_that_was_only_guessed_can_be_words_again(text: str) -> None:
    parsed = parse(text)
    while True:
        guess = next((part for part in parsed.parts if part.guessed), None)
        if guess is None:
            break
        parsed = parse(as_words(parsed, guess, TODAY))
    assert not parsed.conditions
    assert parsed.words == text


def test_a_filter_that_was_typed_is_no_guess():
    assert not any(part.guessed for part in parse('date:2019 "last summer"').parts)


@pytest.mark.parametrize(("text", "words"), [(r"\date:2019", "date:2019"), (r"\-x", "-x"), (r"\"a", '"a')])
def test_a_backslash_makes_a_word_of_anything(text: str, words: str) -> None:
    parsed = parse(text)
    assert parsed.words == words
    assert not parsed.conditions


def test_addresses_are_words():
    assert parse("https://example.org/a.jpg").words == "https://example.org/a.jpg"


@pytest.mark.parametrize("text", ["sort:date", "SORT:Date", "sort:newest", 'sort:"date"'])
def test_the_order_is_no_condition_and_no_word(text: str) -> None:
    parsed = parse(f"京都 {text} camera:canon")
    assert parsed.sort is SortOrder.DATE
    assert parsed.words == "京都"
    assert [condition.field for condition in parsed.conditions] == [Field.CAMERA]


def test_of_two_orders_the_second_is_a_problem() -> None:
    parsed = parse("dog sort:unusual sort:date")
    assert parsed.sort is SortOrder.UNUSUAL
    (problem,) = parsed.problems
    assert "sort:unusual comes first" in problem.message


def test_a_query_takes_the_order_that_its_words_ask_for() -> None:
    asked = understood(SearchQuery((QueryTerm(text="dog sort:date"),)), parse)
    assert (asked.sort, asked.terms) == (SortOrder.DATE, (QueryTerm(text="dog"),))
    alone = understood(SearchQuery((QueryTerm(text="sort:unusual"),), sort=SortOrder.DATE), parse)
    assert (alone.sort, alone.terms) == (SortOrder.UNUSUAL, ())
    assert (
        understood(SearchQuery((QueryTerm(text="dog"),), sort=SortOrder.DATE), parse).sort is SortOrder.DATE
    )


_VALUES = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda text: bool(text.strip())
)


@given(
    _VALUES,
    st.sampled_from([Field.FOLDER, Field.CAMERA, Field.KEYWORD, Field.ALBUM, Field.TEXT]),
    st.booleans(),
)
@example('a "quoted" \\ back', Field.FOLDER, True)
@example("🏖️ summer", Field.KEYWORD, False)
@example("\u202eשלום", Field.ALBUM, True)
@example("it's", Field.TEXT, False)
@example("\\", Field.CAMERA, False)
def test_any_value_can_be_quoted(value: str, field: Field, negated: bool) -> None:
    condition = Condition(field, " ".join(value.split()), negated)
    assert only(format_condition(condition)) == condition


_PIECES = st.sampled_from(
    [
        '"',
        "-",
        "\\",
        ":",
        "..",
        " ",
        "date:",
        "near:",
        "is:",
        "sort:",
        "date",
        "unusual",
        "rating:>",
        "last",
        "summer",
        "2019",
        "京都",
        "a",
        "in",
        "May",
        "🏖️",
        "\u202e",
        "\n",
    ]
)
_TEXTS = st.one_of(st.text(max_size=40), st.lists(_PIECES, max_size=12).map("".join))


@given(_TEXTS)
@example('"a\\')
@example('-"')
@example("--x")
@example('a:"\\')
def test_every_character_belongs_to_a_part_or_is_space(text: str) -> None:
    parsed = parse(text)
    places = [place for part in parsed.parts for place in range(part.start, part.end)]
    assert places == sorted(set(places))
    outside = [character for place, character in enumerate(text) if place not in set(places)]
    assert all(character.isspace() for character in outside)
    assert all(problem.message for problem in parsed.problems)


@given(_TEXTS)
@example("sort:date 京都 sort:unusual sort:date")
@example('-"a \\" b" near:38.7,-9.1~2km date:2019-06..2019-08')
def test_what_was_understood_can_be_typed_again(text: str) -> None:
    parsed = parse(text)
    again = parse(format_query(parsed))
    assert again.words == parsed.words
    assert again.excluded == parsed.excluded
    assert again.conditions == parsed.conditions
    assert again.sort is parsed.sort
    assert [problem.message for problem in again.problems] == [each.message for each in parsed.problems]


@given(_TEXTS)
def test_every_guess_can_be_taken_back(text: str) -> None:
    parsed = parse(text)
    for part in parsed.parts:
        if part.guessed:
            again = parse(as_words(parsed, part, TODAY))
            assert sum(one.guessed for one in again.parts) < sum(one.guessed for one in parsed.parts)


@given(_TEXTS)
def test_closing_a_chip_takes_nothing_else_away(text: str) -> None:
    parsed = parse(text)
    for part in parsed.parts:
        if part.kind is PartKind.CONDITION and '"' not in text:
            rest = parse(parsed.without(part))
            if part.sort is None:
                assert rest.sort is parsed.sort
            kept = [each.condition for each in parsed.parts if each is not part and each.condition]
            assert set(kept) <= set(rest.conditions)
