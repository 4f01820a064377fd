"""The entries of the sidebar: fixed ones, watched folders, and subfolders as far as they were opened."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from app.domain.decisions import Album, SavedSearch
from app.domain.photo import FolderState, FolderStatus, Subfolder
from app.domain.status import LibraryCounts
from app.ui import wording
from app.ui.scope import Scope, ScopeKind

Index = QModelIndex | QPersistentModelIndex

_numbers = itertools.count(1)


class Role(IntEnum):
    """What an entry holds beside its name."""

    SCOPE = Qt.ItemDataRole.UserRole + 1
    COUNT = Qt.ItemDataRole.UserRole + 2
    ICON = Qt.ItemDataRole.UserRole + 3
    STATE = Qt.ItemDataRole.UserRole + 4
    HEADING = Qt.ItemDataRole.UserRole + 5


@dataclass(eq=False, slots=True)
class _Entry:
    """One row. Indexes carry its number: a number outlives the row without doing harm."""

    name: str
    icon: str = ""
    scope: Scope | None = None  # None: a heading
    parent: "_Entry | None" = None
    children: list["_Entry"] = field(default_factory=list)
    has_children: bool = False  # some may be there that were not asked for yet
    loaded: bool = False
    count: int | None = 0  # None: not counted yet
    state: FolderState | None = None
    description: str = ""
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def row(self) -> int:
        return self.parent.children.index(self) if self.parent is not None else 0


@dataclass(eq=False, slots=True)
class _Section:
    """A heading with entries that are there only when the user made some."""

    heading: _Entry
    entries: dict[int, _Entry] = field(default_factory=dict)  # by the id of what they stand for


class SidebarModel(QAbstractItemModel):
    """A tree that asks for the children of a folder when it is opened, and takes them when they come."""

    children_wanted = Signal(int, str)  # folder_id, relative path of the parent

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = _Entry("", loaded=True, has_children=True)
        self._entries: dict[int, _Entry] = {}
        self._folders: dict[int, _Entry] = {}
        self._all = _Entry(self.tr("All photos"), "photos", Scope())
        self._favourites = _Entry(self.tr("Favourites"), "heart", Scope(ScopeKind.FAVOURITES))
        self._recent = _Entry(self.tr("Recently added"), "recent", Scope(ScopeKind.RECENT))
        self._unusual = _Entry(self.tr("Unusual photos"), "unusual", Scope(ScopeKind.UNUSUAL))
        self._problems = _Entry(self.tr("Problem files"), "warning", Scope(ScopeKind.PROBLEMS))
        self._folder_heading = _Entry(self.tr("Folders"))
        for entry in (self._all, self._favourites, self._recent, self._unusual, self._folder_heading):
            self._insert(self._root, len(self._root.children), entry)
        self._albums = _Section(_Entry(self.tr("Albums")))
        self._searches = _Section(_Entry(self.tr("Saved searches")))

    @property
    def folder_ids(self) -> tuple[int, ...]:
        return tuple(self._folders)

    def set_counts(self, counts: LibraryCounts) -> None:
        """Numbers of the fixed entries; problem files appear only while there are any."""
        numbers = (counts.photos, counts.favourites, counts.recent, counts.problems)
        entries = (self._all, self._favourites, self._recent, self._problems)
        for entry, number in zip(entries, numbers, strict=True):
            self._change(entry, count=number)
        shown = self._problems.number in self._entries
        if counts.problems and not shown:
            self._insert(self._root, self._unusual.row + 1, self._problems)
        elif not counts.problems and shown:
            self._remove(self._problems)

    def set_folders(self, statuses: Sequence[FolderStatus]) -> None:
        """Bring the folders up to date; opened subfolders stay open."""
        wanted = {status.folder.folder_id for status in statuses}
        for folder_id in [known for known in self._folders if known not in wanted]:
            self._remove(self._folders.pop(folder_id))
        for status in statuses:
            folder_id = status.folder.folder_id
            if folder_id not in self._folders:
                self._folders[folder_id] = _folder_entry(status)
                self._insert(self._root, len(self._root.children), self._folders[folder_id])
            fresh = _folder_entry(status)  # a folder that was found elsewhere may have another name there
            self._change(
                self._folders[folder_id],
                name=fresh.name,
                scope=fresh.scope,
                count=status.photo_count,
                state=status.state,
                description=self._describe(status),
            )

    def set_albums(self, albums: Sequence[Album]) -> None:
        """Bring the albums up to date; without any there is no heading for them either."""
        self._fill(self._albums, [(_album_scope(album), "album", album.photo_count) for album in albums])

    def set_searches(self, searches: Sequence[SavedSearch]) -> None:
        """Bring the saved searches up to date."""
        known = {number: entry.count for number, entry in self._searches.entries.items()}
        wanted = [(_search_scope(each), "search", known.get(each.search_id)) for each in searches]
        self._fill(self._searches, wanted)

    def set_search_count(self, search_id: int, count: int | None) -> None:
        """How many photos a saved search finds; None where that is not known."""
        entry = self._searches.entries.get(search_id)
        if entry is not None:
            self._change(entry, count=count)

    def name_of(self, scope: Scope) -> str:
        """What the entry of a folder or album is called; "" when there is none."""
        index = self.index_of(scope)
        return self._entry(index).name if index.isValid() else ""

    def set_subfolders(self, folder_id: int, parent: str, subfolders: Sequence[Subfolder]) -> None:
        """Fill in the children that `children_wanted` asked for, or bring them up to date."""
        entry = self._find(folder_id, parent)
        if entry is None:
            return
        entry.loaded = True
        names = {subfolder.relative_path for subfolder in subfolders}
        for child in [child for child in entry.children if _path(child) not in names]:
            self._remove(child)
        known = {_path(child): child for child in entry.children}
        for row, subfolder in enumerate(subfolders):
            child = known.get(subfolder.relative_path) or _subfolder_entry(subfolder)
            if child.parent is None:
                self._insert(entry, row, child)
            self._change(child, count=subfolder.photo_count, has_children=subfolder.has_children)
        self._change(entry, has_children=bool(subfolders))

    def loaded_parents(self) -> list[tuple[int, str]]:
        """Folders whose children are shown: (folder_id, relative path)."""
        return [
            (entry.scope.folder_id, entry.scope.subfolder)
            for entry in _walk(self._folders.values())
            if entry.loaded and entry.scope is not None and entry.scope.folder_id is not None
        ]

    def index_of(self, scope: Scope) -> QModelIndex:
        """Where an entry is; invalid when it is not shown."""
        if scope.kind is ScopeKind.FOLDER and scope.folder_id is not None:
            return self._index(self._find(scope.folder_id, scope.subfolder))
        if scope.kind in (ScopeKind.ALBUM, ScopeKind.SEARCH):
            section = self._albums if scope.kind is ScopeKind.ALBUM else self._searches
            return self._index(section.entries.get(_number(scope)))
        entries = (self._all, self._favourites, self._recent, self._unusual, self._problems)
        return self._index(next((e for e in entries if e.scope and e.scope.kind is scope.kind), None))

    # --- the tree

    def _fill(self, section: "_Section", wanted: Sequence[tuple[Scope, str, int | None]]) -> None:
        """Entries in the order wanted, below their heading and above the next one."""
        numbers = {_number(scope) for scope, _, _ in wanted}
        for gone in [number for number in section.entries if number not in numbers]:
            self._remove(section.entries.pop(gone))
        if not wanted:
            self._remove(section.heading)
            return
        if section.heading.parent is None:
            below_albums = section is self._albums and self._searches.heading.parent is not None
            below = self._searches.heading if below_albums else self._folder_heading
            self._insert(self._root, below.row, section.heading)
        for place, (scope, icon, count) in enumerate(wanted, section.heading.row + 1):
            entry = section.entries.setdefault(_number(scope), _Entry(scope.name, icon, scope))
            if entry.parent is not None and entry.row != place:
                self._remove(entry)
            if entry.parent is None:
                self._insert(self._root, place, entry)
            self._change(entry, name=scope.name, scope=scope, count=count)

    def _find(self, folder_id: int, relative_path: str) -> _Entry | None:
        entry = self._folders.get(folder_id)
        parts = relative_path.split("/") if relative_path else []
        for depth in range(len(parts)):
            path = "/".join(parts[: depth + 1])
            children = entry.children if entry is not None else []
            entry = next((child for child in children if _path(child) == path), None)
        return entry

    def _insert(self, parent: _Entry, row: int, entry: _Entry) -> None:
        self.beginInsertRows(self._index(parent), row, row)
        entry.parent = parent
        parent.children.insert(row, entry)
        self._entries[entry.number] = entry
        self.endInsertRows()

    def _remove(self, entry: _Entry) -> None:
        parent, row = entry.parent, entry.row
        if parent is None:
            return
        self.beginRemoveRows(self._index(parent), row, row)
        parent.children.remove(entry)
        entry.parent = None
        for gone in _walk([entry]):
            self._entries.pop(gone.number, None)
        self.endRemoveRows()

    def _change(self, entry: _Entry, **values: Any) -> None:
        changed = {name: value for name, value in values.items() if getattr(entry, name) != value}
        for name, value in changed.items():
            setattr(entry, name, value)
        if changed and entry.number in self._entries:
            index = self._index(entry)
            self.dataChanged.emit(index, index)

    def _index(self, entry: _Entry | None) -> QModelIndex:
        if entry is None or entry.number not in self._entries:
            return QModelIndex()
        return self.createIndex(entry.row, 0, entry.number)

    def _whole_name(self, entry: _Entry) -> str | None:
        """What users named may be too long for the sidebar."""
        kind = entry.scope.kind if entry.scope is not None else None
        return entry.name if kind in (ScopeKind.ALBUM, ScopeKind.SEARCH) else None

    def _entry(self, index: Index) -> _Entry:
        return self._entries.get(index.internalId(), self._root) if index.isValid() else self._root

    def _describe(self, status: FolderStatus) -> str:
        """State and counts in words: the tooltip, and what a screen reader says."""
        words = {
            FolderState.WATCHING: self.tr("up to date"),
            FolderState.SCANNING: self.tr("looking for photos"),
            FolderState.OFFLINE: self.tr("not connected"),
            FolderState.PROBLEM: self.tr("cannot be read"),
            FolderState.ASKING: self.tr("many photos are gone"),
        }[status.state]
        parts = [words, wording.photo_count(status.photo_count)]
        if status.pending_count:
            parts.append(self.tr("{n} waiting").format(n=wording.number(status.pending_count)))
        if status.problem_count:
            parts.append(wording.problem_count(status.problem_count))
        lines = [wording.printable(status.folder.path), ", ".join(parts), status.message]
        return "\n".join(line for line in lines if line)

    # --- Qt

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        children = self._entry(parent).children
        if column != 0 or not 0 <= row < len(children):
            return QModelIndex()
        return self.createIndex(row, 0, children[row].number)

    def parent(self, child: Index) -> QModelIndex:  # type: ignore[override]  # QObject has one too
        return self._index(self._entry(child).parent)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return len(self._entry(parent).children)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 1

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008 - Qt's own default
        entry = self._entry(parent)
        return entry.has_children or bool(entry.children)

    def canFetchMore(self, parent: Index) -> bool:
        entry = self._entry(parent)
        return entry.has_children and not entry.loaded

    def fetchMore(self, parent: Index) -> None:
        entry = self._entry(parent)
        if entry.scope is not None and not entry.loaded:
            entry.loaded = True
            self.children_wanted.emit(entry.scope.folder_id, entry.scope.subfolder)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self._entry(index).scope is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self._entry(index)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            number = "" if entry.count is None else wording.number(entry.count)
            return ", ".join(filter(None, (entry.name, entry.description or number)))
        values: dict[int, Any] = {
            Qt.ItemDataRole.DisplayRole: entry.name,
            Qt.ItemDataRole.ToolTipRole: entry.description or self._whole_name(entry),
            Role.SCOPE: entry.scope,
            Role.COUNT: entry.count,
            Role.ICON: entry.icon,
            Role.STATE: entry.state,
            Role.HEADING: entry.scope is None,
        }
        return values.get(role)


def _number(scope: Scope) -> int:
    """The id of what an entry of a section stands for."""
    return scope.album_id or scope.search_id or 0


def _album_scope(album: Album) -> Scope:
    return Scope(ScopeKind.ALBUM, name=wording.printable(album.name), album_id=album.album_id)


def _search_scope(search: SavedSearch) -> Scope:
    return Scope(ScopeKind.SEARCH, name=wording.printable(search.name), search_id=search.search_id)


def _walk(entries: Iterable[_Entry]) -> Iterator[_Entry]:
    for entry in entries:
        yield entry
        yield from _walk(entry.children)


def _path(entry: _Entry) -> str:
    return entry.scope.subfolder if entry.scope is not None else ""


def _folder_entry(status: FolderStatus) -> _Entry:
    name = wording.folder_name(status.folder.path)
    scope = Scope(ScopeKind.FOLDER, status.folder.folder_id, "", name)
    return _Entry(name, "folder", scope, has_children=True)  # nobody knows before it is opened


def _subfolder_entry(subfolder: Subfolder) -> _Entry:
    name = wording.printable(subfolder.name)
    return _Entry(name, "folder", Scope(ScopeKind.FOLDER, subfolder.folder_id, subfolder.relative_path, name))
