"""The models that have embeddings here, and which of them answers searches."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select, update

from app.domain.model import KeptModel
from app.library.database import Database
from app.library.embeddings import model_id
from app.library.filters import ITEM, READ, embedded
from app.library.schema import EmbeddingRow, ModelRow, PhotoRow
from app.library.sql import among, watched
from app.library.writer import LibraryWriter

# What a row takes: beside its vector two keys and where they came from; its places in three indexes; and what
# is left empty of a page that cannot hold one more. Within 2 % of what SQLite took for 20,000 rows of each of
# the widths 512, 768, 1,024, 1,152 and 1,536.
_PAGE_BYTES, _USABLE_BYTES = 4096, 4084
_KEY_BYTES, _INDEX_BYTES = 150, 165

_LATELY, _LATELY_SECONDS = 200, 30.0  # embeddings that a rate is told from, and how old the newest may be


class ModelRepository:
    """Knows the models by identity; their embeddings are read through `EmbeddingRepository`."""

    def __init__(self, database: Database, writer: LibraryWriter) -> None:
        self._database = database
        self._writer = writer

    def note_place(self, identity: str, place: str, naflex_patches: int | None) -> None:
        """Where a known model was loaded from, so that it can be loaded again while another one is chosen."""
        with self._database.read() as connection:
            known = connection.execute(
                select(ModelRow.place, ModelRow.naflex_patches).where(ModelRow.identity == identity)
            ).one_or_none()
        if known is not None and tuple(known) != (place, naflex_patches):
            values = {"place": place, "naflex_patches": naflex_patches}
            with self._writer.transaction(decision=True) as connection:
                connection.execute(update(ModelRow).where(ModelRow.identity == identity).values(**values))

    def let_answer(self, identity: str) -> None:
        """This model answers searches from now on, and no other."""
        answering = self.answering()
        if answering is not None and answering.identity == identity:
            return
        with self._writer.transaction(decision=True) as connection:
            connection.execute(update(ModelRow).values(answering_since=None))
            this = update(ModelRow).where(ModelRow.identity == identity)
            connection.execute(this.values(answering_since=time.time()))

    def answering(self) -> KeptModel | None:
        """The model that answers searches; None in a library that no model has answered in yet."""
        found = self._models(ModelRow.answering_since.is_not(None))
        return found[0] if found else None

    def at_place(self, place: str, naflex_patches: int | None) -> KeptModel | None:
        """The model that was last loaded from there."""
        found = self._models(
            ModelRow.place == place, ModelRow.naflex_patches.is_not_distinct_from(naflex_patches)
        )
        return found[-1] if found else None

    def kept(self) -> tuple[KeptModel, ...]:
        """All models that have embeddings here, with what they found and what they take; oldest first."""
        return tuple(model for model in self._models(counted=True) if model.embeddings)

    def forget(self, identity: str) -> None:
        """Remove all embeddings of a model, in several short transactions.

        Stopped in the middle, it can be asked for again. What indexes hold of it is not removed.
        """
        with self._database.read() as connection:
            model = model_id(connection, identity)
            noted = (
                connection.execute(select(PhotoRow.id).where(PhotoRow.embedded_by == model)).scalars().all()
            )
            labels = (
                connection.execute(
                    select(EmbeddingRow.id).where(EmbeddingRow.model_id == model).order_by(EmbeddingRow.id)
                )
                .scalars()
                .all()
            )
        # Photos first: none may be noted as embedded by what has gone.
        self._writer.in_chunks(noted, lambda connection, part: _unnote(connection, part, model))
        self._writer.in_chunks(labels, _remove_embeddings)
        with self._writer.transaction(decision=True) as connection:
            empty = ~select(EmbeddingRow.id).where(EmbeddingRow.model_id == model).exists()
            connection.execute(delete(ModelRow).where(ModelRow.id == model, empty))

    def found_photos(self, identity: str) -> int:
        """How many photos have an embedding of this model."""
        with self._database.read() as connection:
            return _count(connection, embedded(model_id(connection, identity)))

    def recent_rate(self, identity: str) -> float | None:
        """Embeddings a second that this model made lately; None when it made none in the last half minute."""
        with self._database.read() as connection:
            newest = (
                select(EmbeddingRow.created_at)
                .where(EmbeddingRow.model_id == model_id(connection, identity))
                .order_by(EmbeddingRow.id.desc())
                .limit(_LATELY)
            )
            moments = list(connection.execute(newest).scalars())
        now = time.time()
        if len(moments) < _LATELY // 10 or now - moments[0] > _LATELY_SECONDS or now <= moments[-1]:
            return None
        return len(moments) / (now - moments[-1])

    def lacking(self, identity: str, beside: str) -> int:
        """How many photos have an embedding of the model `beside`, but none of this one."""
        with self._database.read() as connection:
            this, other = model_id(connection, identity), model_id(connection, beside)
            return _count(connection, embedded(other), ~embedded(this))

    def _models(self, *conditions: ColumnElement[bool], counted: bool = False) -> list[KeptModel]:
        statement = select(ModelRow.__table__).where(*conditions).order_by(ModelRow.id)
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
            models = {row.id: _model(row) for row in rows}
            if counted:
                return [_counted(connection, number, model) for number, model in models.items()]
        return list(models.values())


def _model(row: Row[Any]) -> KeptModel:
    return KeptModel(
        row.identity,
        row.checkpoint,
        row.place,
        row.naflex_patches,
        row.dim,
        answering=row.answering_since is not None,
    )


def _counted(connection: Connection, model: int, kept: KeptModel) -> KeptModel:
    count = select(func.count()).select_from(EmbeddingRow).where(EmbeddingRow.model_id == model)
    embeddings = connection.execute(count).scalar_one()
    return replace(
        kept,
        embeddings=embeddings,
        photos=_count(connection, embedded(model)) if embeddings else 0,
        library_bytes=embeddings * _row_bytes(kept.dim),
    )


def _row_bytes(dim: int) -> int:
    row = 2 * dim + _KEY_BYTES
    rows_a_page = _USABLE_BYTES // row
    table = _PAGE_BYTES // rows_a_page if rows_a_page else -(-row // _PAGE_BYTES) * _PAGE_BYTES
    return table + _INDEX_BYTES


def _count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    """Photos that were read, in watched folders and no companions, to which the conditions apply."""
    statement = select(func.count()).select_from(PhotoRow)
    statement = statement.where(READ, ITEM, watched(PhotoRow.folder_id), *conditions)
    return connection.execute(statement).scalar_one()


def _unnote(connection: Connection, photo_ids: Sequence[int], model: int) -> None:
    connection.execute(
        update(PhotoRow)
        .where(among(PhotoRow.id, photo_ids), PhotoRow.embedded_by == model)
        .values(embedded_by=None)
    )


def _remove_embeddings(connection: Connection, labels: Sequence[int]) -> None:
    connection.execute(delete(EmbeddingRow).where(among(EmbeddingRow.id, labels)))
