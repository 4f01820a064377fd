"""Column types that translate between values of the domain and what SQLite stores."""

import json
import os
import unicodedata
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from app.domain.folder_rules import NO_RULES, FolderRules


class PathBytes(TypeDecorator[str]):
    """A path as the bytes the file system uses, so that undecodable names come back unchanged.

    The parts of relative paths are separated by "/", and bytes sort as SQLite compares blobs: a folder's
    whole tree is the range from b"folder/" to b"folder0" ("0" follows "/").
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else os.fsencode(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else os.fsdecode(value)


class PlainText(TypeDecorator[str]):
    """Text that SQLite and its full-text index can hold: no lone surrogates, no NUL, composed (NFC)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else plain(value)


class KeywordList(TypeDecorator[tuple[str, ...]]):
    """Keywords as a JSON list, in their own script so that the full-text index sees words."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        return json.dumps([plain(word) for word in value], ensure_ascii=False) if value else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(json.loads(value)) if value else ()


class RulesJson(TypeDecorator[FolderRules]):
    """A folder's rules as a JSON object; switches that this version does not know are passed over."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: FolderRules | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(asdict(value), ensure_ascii=True)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> FolderRules:
        if value is None:
            return NO_RULES
        stored: dict[str, Any] = json.loads(value)
        for name in ("include", "exclude"):
            stored[name] = tuple(stored.get(name, ()))
        return FolderRules(
            **{one.name: stored[one.name] for one in fields(FolderRules) if one.name in stored}
        )


def plain(text: str) -> str:
    """Text with undecodable parts replaced, composed: macOS stores names decomposed, people type composed."""
    printable = text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
    return unicodedata.normalize("NFC", printable)


def printable_path(path: str) -> str:
    """A path for people and for the full-text index; undecodable bytes become the replacement character."""
    return os.fsencode(path).decode("utf-8", "replace")
