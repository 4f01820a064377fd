"""Reading the files of a benchmark, with messages that a person can act on."""

import csv
import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.domain.evaluation import LeftOut
from app.errors import EvaluationError

_DELIMITERS = (",", ";", "\t", "|")
_EXPLAINED = {
    FileNotFoundError: "there is no such file; look at its name",
    IsADirectoryError: "it is a folder; name the file in it",
}


def read_text(path: Path) -> str:
    """UTF-8, with or without a byte order mark. Raises EvaluationError."""
    try:
        if zipfile.is_zipfile(path):
            raise EvaluationError(f"{path} is a ZIP archive. Unpack it, and name the file that was in it.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise EvaluationError(
            f"{path} is not UTF-8 (byte {error.start}). Save it with that encoding, and try again."
        ) from error
    except OSError as error:
        reason = _EXPLAINED.get(type(error), error.strerror)
        raise EvaluationError(f"{path} cannot be read: {reason}.") from error


def read_json(path: Path) -> Any:
    """Raises EvaluationError."""
    return _parsed(read_text(path), path, "")


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """One object a line; empty lines are passed over. Raises EvaluationError."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            value = _parsed(line, path, f", line {number}")
            if not isinstance(value, dict):
                raise EvaluationError(f"{path}, line {number}: this is not a JSON object.")
            yield value


def read_table(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Rows of a CSV file by column, in lower case; the delimiter is the one that its first line shows.

    Every row has `columns`, "" where it ends early. Raises EvaluationError.
    """
    text = read_text(path)
    head = text.partition("\n")[0]
    delimiter = next((each for each in _DELIMITERS if _has(head, each, columns)), None)
    if delimiter is None:
        raise EvaluationError(
            f"{path} has no columns {' and '.join(columns)}. Its first line is to name them, for example:"
            f" {','.join(columns)}"
        )
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = _names(next(rows))
        for row in rows:
            if any(cell.strip() for cell in row):
                yield {**dict.fromkeys(columns, ""), **dict(zip(names, row, strict=False))}
    except csv.Error as error:
        raise EvaluationError(f"{path}, line {rows.line_num} is damaged: {error}.") from error


def folder_of(path: str, what: str) -> Path:
    """`path`, absolute. Raises EvaluationError when it is no folder."""
    folder = Path(path).absolute()
    if not folder.is_dir():
        raise EvaluationError(f"There is no folder {folder}. Name the one that holds {what}.")
    return folder


def missing_fields(path: Path, what: str) -> EvaluationError:
    """The file is not of the kind that was expected."""
    return EvaluationError(
        f"{path} is not {what}: what it should hold is missing or has another form."
        " Name that file, or download it again if this should be it."
    )


def picture_in(folder: Path, *names: str) -> str:
    """The first of these relative paths that exists in the folder; the first when none does."""
    paths = [os.path.join(folder, name) for name in names]
    return next((path for path in paths if os.path.exists(path)), paths[0])


def in_part(count: int, expected: int, what: str) -> tuple[str, ...]:
    """What to say when a benchmark is not whole."""
    return () if count == expected else (f"{count:,} {what} instead of {expected:,}",)


def without_text(name: str) -> LeftOut:
    return LeftOut(name, "This caption is empty.")


def _parsed(text: str, path: Path, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EvaluationError(
            f"{path}{where} is damaged, or no JSON. Name the benchmark's own file of captions, or download it"
            " again if this should be it."
        ) from error


def _has(head: str, delimiter: str, columns: tuple[str, ...]) -> bool:
    return set(columns) <= set(_names(next(csv.reader([head], delimiter=delimiter), [])))


def _names(row: list[str]) -> list[str]:
    return [name.strip().lower() for name in row]
