"""Watched folders that lie in one another: whose photos they are, and under which rules."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from app.domain.folder_rules import FolderRules
from app.domain.photo import Folder
from app.indexing.folder_filter import folder_filter, is_marked
from app.indexing.folder_looks import has_entries

_SPECIAL = re.compile(r"([\\*?\[\]!#])")


@dataclass(frozen=True, slots=True)
class Overlap:
    """A folder that another one, when it is scanned, would look into as well."""

    outer: Folder
    inner: Folder
    prefix: str  # the relative path of `inner` in `outer`


def find_overlaps(folders: Sequence[Folder], inner: Iterable[Folder] | None = None) -> list[Overlap]:
    """Those of the `inner` folders (None: all) that lie in others, the innermost first."""
    found = [
        Overlap(outer, one, prefix)
        for one in (folders if inner is None else inner)
        for outer in folders
        if outer.folder_id != one.folder_id and (prefix := prefix_in(outer, one.path)) is not None
    ]
    return sorted(found, key=lambda overlap: len(overlap.prefix))


def prefix_in(outer: Folder, path: str) -> str | None:
    """The relative path of a folder that a scan of `outer` looks into; None when it does not."""
    real, top = os.path.realpath(path), os.path.realpath(outer.path)
    if not real.startswith(top.rstrip(os.sep) + os.sep):
        return None
    prefix = os.path.relpath(real, top).replace(os.sep, "/")
    if folder_filter(outer.rules).place(prefix) is None or is_marked(outer.path, prefix):
        return None
    return prefix


def can_be_absorbed(overlap: Overlap) -> bool:
    """A folder on a drive of its own keeps to itself: when the drive goes, only its photos are offline."""
    try:
        same_drive = os.stat(overlap.inner.path).st_dev == os.stat(overlap.outer.path).st_dev
        return same_drive and has_entries(overlap.inner.path)
    except OSError:  # it is not there now; empty: perhaps where a drive is mounted at other times
        return False


def with_part_apart(folder: Folder, prefix: str) -> Folder:
    """The folder without a part that is watched by itself."""
    rules = folder.rules
    return replace(folder, rules=replace(rules, exclude=(*rules.exclude, f"/{_literal(prefix)}/")))


def joined_rules(overlap: Overlap) -> FolderRules:
    """The rules of the outer folder that leave out of the inner one what its own rules left out.

    Sidecars are not switched on for a whole folder because they were for a part of it.
    """
    outer, inner = overlap.outer.rules, overlap.inner.rules
    exclude = list(outer.exclude)
    if inner.include:
        part = _literal(overlap.prefix)
        exclude += [f"/{part}/**", f"!/{part}/**/*/"]  # folders are entered, or nothing in them could count
        exclude += [line for one in inner.include for line in _reincluded(one, overlap.prefix)]
    exclude += [nested for one in inner.exclude if (nested := _nested(one, overlap.prefix))]
    return replace(outer, exclude=tuple(exclude), videos=outer.videos or inner.videos)


def _reincluded(pattern: str, prefix: str) -> list[str]:
    """Patterns that count again what a pattern of an inner folder limits it to."""
    nested = _nested(pattern, prefix)
    if not nested:
        return []
    if nested.startswith("!"):
        return [nested[1:]]
    return [f"!{nested}", f"!{nested.rstrip('/')}/**"]


def _nested(pattern: str, prefix: str) -> str:
    """A pattern as it reads one or more folders further up; "" for one that means nothing."""
    text = pattern.strip()
    if not text or text.startswith("#"):
        return ""
    sign, body = ("!", text[1:]) if text.startswith("!") else ("", text)
    anchored = "/" in body.rstrip("/")
    return f"{sign}/{_literal(prefix)}/{'' if anchored else '**/'}{body.lstrip('/')}"


def _literal(path: str) -> str:
    return _SPECIAL.sub(r"\\\1", path)
