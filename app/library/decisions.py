"""What users decide about photos: favourite, stars, flag, colour label."""

from collections.abc import Sequence

from sqlalchemy import Connection

from app.domain.decisions import Before, Decisions, Kind, Undo
from app.library.database import Database
from app.library.decision_rows import TABLES, Value, clear, decide, decisions_of, own
from app.library.writer import LibraryWriter


class DecisionRepository:
    """Decisions, one at a time or for many photos. All of them go before whatever indexing writes."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer

    def get(self, photo_ids: Sequence[int]) -> dict[int, Decisions]:
        """What holds for photos; ids that are gone are left out."""
        with self._database.read() as connection:
            return decisions_of(connection, photo_ids)

    def decide(self, kind: Kind, photo_ids: Sequence[int], value: Value) -> Undo:
        """Decide the same for photos: 0 or "" takes the decision back."""
        before: list[Before] = []

        def write(connection: Connection, chunk: Sequence[int]) -> None:
            before.extend(_before(connection, kind, chunk))
            decide(connection, kind, chunk, value)

        self._writer.in_chunks(photo_ids, write, decision=True)
        return Undo(kind, tuple(before))

    def forget_own(self, kind: Kind, photo_ids: Sequence[int]) -> None:
        """Let what the files say hold."""
        self._writer.in_chunks(
            photo_ids, lambda connection, chunk: clear(connection, kind, chunk), decision=True
        )

    def undo(self, undo: Undo) -> None:
        """Have each photo be again as it was."""
        self._writer.in_chunks(
            undo.before, lambda connection, chunk: _restore(connection, undo.kind, chunk), decision=True
        )


def _before(connection: Connection, kind: Kind, photo_ids: Sequence[int]) -> list[Before]:
    known, held = own(connection, kind, photo_ids), _held(connection, kind, photo_ids)
    return [
        Before(photo_id, known[photo_id].value if photo_id in known else None, value)
        for photo_id, value in held.items()
    ]


def _held(connection: Connection, kind: Kind, photo_ids: Sequence[int]) -> dict[int, Value]:
    if kind is Kind.FAVOURITE:
        known = own(connection, kind, photo_ids)
        return {photo_id: known[photo_id].value if photo_id in known else 0 for photo_id in photo_ids}
    return {
        photo_id: getattr(decisions, kind.value) or TABLES[kind].nothing
        for photo_id, decisions in decisions_of(connection, photo_ids).items()
    }


def _restore(connection: Connection, kind: Kind, before: Sequence[Before]) -> None:
    """As new decisions: the files may have been told of those that are taken back.

    Where the user had not decided, what the file says holds again, if it still says the same.
    """
    undecided = [one.photo_id for one in before if one.own is None]
    clear(connection, kind, undecided)
    held = _held(connection, kind, undecided)
    by_value: dict[Value, list[int]] = {}
    for one in before:
        if one.own is not None or held.get(one.photo_id, one.held) != one.held:
            by_value.setdefault(one.held, []).append(one.photo_id)
    for value, photo_ids in by_value.items():
        decide(connection, kind, photo_ids, value)
