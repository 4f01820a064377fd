"""Cutting the text of the search bar into tokens: words, "phrases", key:value, with a minus or without."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LITERAL = "\\"  # before a word: it is only a word, whatever it looks like

_TOKEN = re.compile(
    r"""
    (?P<minus>-)?
    (?:
      "(?P<phrase>(?:[^"\\]|\\.|\\$)*)(?P<closed>"|$)
      | (?P<key>[^\W\d_]+):(?!//)(?:"(?P<quoted>(?:[^"\\]|\\.|\\$)*)(?:"|$)|(?P<plain>\S*))
      | (?P<word>\S*)
    )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class TypedWord:
    """The token that somebody is typing: `text[start:end]`, and what of it stands before the cursor."""

    start: int
    end: int
    minus: str = ""
    key: str | None = None  # of key:value; None for a word by itself
    word: str = ""  # the value, or the word, up to the cursor; "" within a phrase


def tokens(text: str) -> Iterator[re.Match[str]]:
    """All tokens of a text; what is between them is space."""
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        match = _TOKEN.match(text, place)
        assert match is not None, "every character begins a token"
        yield match
        place = match.end()


def token_at(text: str, cursor: int) -> TypedWord:
    """The token that the cursor is in or behind; an empty one where there is none."""
    for match in tokens(text):
        if match.start() < cursor <= match.end():
            return _typed(match, text, cursor)
    return TypedWord(cursor, cursor)


def _typed(match: re.Match[str], text: str, cursor: int) -> TypedWord:
    start, end = match.span()
    minus = match["minus"] or ""
    if match["key"] is not None:
        group = "quoted" if match["quoted"] is not None else "plain"
        begin = match.start(group)
        if cursor < begin:  # within the name of the filter
            return TypedWord(start, end, minus, None, text[match.start("key") : cursor])
        typed = text[begin : min(cursor, match.end(group))]
        return TypedWord(start, end, minus, match["key"], unescaped(typed) if group == "quoted" else typed)
    if match["phrase"] is not None:
        return TypedWord(start, end, minus)
    return TypedWord(start, end, minus, None, text[match.start("word") : cursor])


def escaped(text: str) -> str:
    """As it is written between quotation marks."""
    return re.sub(r'(["\\])', r"\\\1", text)


def unescaped(text: str) -> str:
    """What was written between quotation marks."""
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def meant(word: str) -> str:
    """A word without the sign that it is only a word."""
    return word[1:] if word.startswith(LITERAL) and len(word) > 1 else word
