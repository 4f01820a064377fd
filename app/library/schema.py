"""The tables of the library as ORM classes; the migrations build exactly these.

Beside them the migrations create two FTS5 tables over the words of `photos` (see `words.py`), which triggers
keep in step, and which SQLAlchemy does not know.
"""

from sqlalchemy import Computed, Enum, ForeignKey, Index, LargeBinary, MetaData, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.domain.folder_rules import FolderRules
from app.domain.photo import PhotoState
from app.library.columns import KeywordList, PathBytes, PlainText, RulesJson

# Partial indexes serve a query only where it repeats their condition literally.
SHOWN = text("state IN ('ready', 'pending') AND companion_of IS NULL")
WAITING = text("state = 'pending'")
READ = text("state = 'ready' AND companion_of IS NULL")
PRESENT = text("state IN ('ready', 'pending', 'problem')")
COMPANIONS = text("companion_of IS NOT NULL")
LOCATED = text("latitude IS NOT NULL")
PLACED = text("place_id IS NOT NULL")
WITH_CAMERA = text(f"{SHOWN.text} AND camera_model IS NOT NULL")
WITH_LENS = text(f"{SHOWN.text} AND lens IS NOT NULL")
WITH_KEYWORDS = text(f"{SHOWN.text} AND keywords IS NOT NULL")
WITH_FORMAT = text("format IS NOT NULL")

# The name in lower case up to its last dot, without what Pixel cameras add to tell the two files of a shot.
STEM = (
    "replace(replace(replace(lower(rtrim(name, replace(name, '.', ''))),"
    " '.raw-01.cover.', '.'), '.raw-01.mp.cover.', '.'), '.raw-02.original.', '.')"
)

_STATE = Enum(
    PhotoState, native_enum=False, length=7, values_callable=lambda states: [s.value for s in states]
)


class Base(DeclarativeBase):
    """Names constraints the same way everywhere, so that later migrations can address them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class FolderRow(Base):
    """A folder the user asked us to watch."""

    __tablename__ = "folders"
    __table_args__ = (UniqueConstraint("path"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(PathBytes)  # absolute
    volume_id: Mapped[str | None]  # what names its drive wherever it is mounted, when known
    volume_path: Mapped[str | None] = mapped_column(PathBytes)  # the folder's path on that drive
    added_at: Mapped[float]  # POSIX seconds, as all *_at and *_since but taken_at
    removed_at: Mapped[float | None]  # kept 30 days for a change of mind
    rules: Mapped[FolderRules | None] = mapped_column(RulesJson)  # None: none were ever set


class PhotoRow(Base):
    """A picture file with what is known about it."""

    __tablename__ = "photos"
    __table_args__ = (
        UniqueConstraint("folder_id", "relative_path"),
        Index("ix_photos_grid", "sort_time", "id", "folder_id", sqlite_where=SHOWN),
        Index("ix_photos_folder_grid", "folder_id", "sort_time", "id", sqlite_where=SHOWN),
        Index("ix_photos_tree", "folder_id", "directory", sqlite_where=SHOWN),
        Index("ix_photos_recent", "added_at", "folder_id", "sort_time", sqlite_where=SHOWN),
        Index("ix_photos_queue", "priority", "id", "folder_id", sqlite_where=WAITING),
        Index("ix_photos_embedded", "embedded_by", "id", "folder_id", sqlite_where=READ),
        Index("ix_photos_state", "folder_id", "state", "companion_of"),
        Index("ix_photos_content", "content_key", "state", "folder_id", "companion_of"),
        Index("ix_photos_pixels", "pixel_key"),
        Index("ix_photos_stem", "folder_id", "directory", "stem", "companion_of", sqlite_where=PRESENT),
        Index("ix_photos_companions", "companion_of", sqlite_where=COMPANIONS),
        Index("ix_photos_placed", "place_by", "id", sqlite_where=LOCATED),
        Index("ix_photos_place", "place_id", sqlite_where=PLACED),
        Index("ix_photos_camera", "camera_model", "camera_make", sqlite_where=WITH_CAMERA),
        Index("ix_photos_lens", "lens", sqlite_where=WITH_LENS),
        Index("ix_photos_keywords", "keywords", sqlite_where=WITH_KEYWORDS),
        Index("ix_photos_format", "format", sqlite_where=WITH_FORMAT),
        {"sqlite_autoincrement": True},  # an id that was given out never means another photo
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    folder_id: Mapped[int] = mapped_column(ForeignKey("folders.id"))
    state: Mapped[PhotoState] = mapped_column(_STATE)
    unread: Mapped[bool]  # these size and mtime_ns were not read yet; survives going missing
    relative_path: Mapped[str] = mapped_column(PathBytes)
    directory: Mapped[str] = mapped_column(PathBytes)  # relative_path without the name; "" at the top
    name: Mapped[str] = mapped_column(PlainText)  # printable, for searching
    folder_words: Mapped[str] = mapped_column(PlainText)  # the watched folder's name and `directory`
    size: Mapped[int]
    mtime_ns: Mapped[int]
    file_id: Mapped[str | None]
    priority: Mapped[int]  # smallest first: 0 for the backlog, minus the clock for arrivals, newest first
    sort_time: Mapped[float]  # wall clock where it was taken, else where it was modified, as seconds
    added_at: Mapped[float]
    missing_since: Mapped[float | None]
    left_out: Mapped[bool] = mapped_column(server_default=text("0"))  # missing only because of the rules
    error: Mapped[str | None] = mapped_column(PlainText)
    content_key: Mapped[str | None]
    pixel_key: Mapped[str | None]
    embedded_by: Mapped[int | None]  # a model that has an embedding of content_key; there may be others
    width: Mapped[int | None]
    height: Mapped[int | None]
    format: Mapped[str | None] = mapped_column(PlainText)
    orientation: Mapped[int | None]
    taken_at: Mapped[str | None]  # ISO 8601 without offset, local to where it was taken
    taken_offset_minutes: Mapped[int | None]  # east of UTC
    taken_on: Mapped[str | None] = mapped_column(Computed("substr(taken_at, 1, 10)", persisted=False))
    camera_make: Mapped[str | None] = mapped_column(PlainText)
    camera_model: Mapped[str | None] = mapped_column(PlainText)
    lens: Mapped[str | None] = mapped_column(PlainText)
    exposure_seconds: Mapped[float | None]
    f_number: Mapped[float | None]
    iso: Mapped[int | None]
    focal_length_mm: Mapped[float | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    altitude_m: Mapped[float | None]
    title: Mapped[str | None] = mapped_column(PlainText)
    caption: Mapped[str | None] = mapped_column(PlainText)
    keywords: Mapped[tuple[str, ...] | None] = mapped_column(KeywordList)
    taken_from: Mapped[str | None]  # which part of the file `taken_at` was read from
    file_rating: Mapped[int | None]  # as the file or its sidecar says: -1 is rejected
    file_rating_at: Mapped[float | None]  # when the file that first said so was written
    file_rating_noticed_at: Mapped[float | None]  # when we read it
    file_label: Mapped[str | None] = mapped_column(PlainText)
    file_label_at: Mapped[float | None]
    file_label_noticed_at: Mapped[float | None]
    sidecar_mtime_ns: Mapped[int | None]  # of the sidecar that was read along; None: there was none
    # The photo this file belongs to, as a raw file does to its JPEG; it is shown with it and not by itself.
    # No foreign key: `regroup` finds out what an item that went away leaves behind.
    companion_of: Mapped[int | None]
    stem: Mapped[str] = mapped_column(Computed(STEM, persisted=False))
    place_id: Mapped[int | None]  # of `places`, which are never removed; no foreign key for that reason
    place_by: Mapped[int | None]  # the version of the gazetteer that was asked about its coordinates


class PlaceRow(Base):
    """A town with its region and country, by all their names; many photos share one."""

    __tablename__ = "places"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]  # the gazetteer's own
    label: Mapped[str] = mapped_column(PlainText)  # for people: "Belém, Lisbon, Portugal"
    names: Mapped[str] = mapped_column(PlainText)  # for searching: see `place_words`


class ModelRow(Base):
    """A neural network whose embeddings are kept."""

    __tablename__ = "models"
    __table_args__ = (UniqueConstraint("identity"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str]
    checkpoint: Mapped[str] = mapped_column(PlainText)
    revision: Mapped[str]
    preprocessing: Mapped[str]
    family: Mapped[str]
    dim: Mapped[int]
    added_at: Mapped[float]
    place: Mapped[str | None] = mapped_column(PathBytes)  # where it was last loaded: a folder or a hub id
    naflex_patches: Mapped[int | None]  # as it was asked for then; they are part of the identity
    answering_since: Mapped[float | None]  # of the one model that answers searches, None for all others


class EmbeddingRow(Base):
    """One embedding, shared by all photos of the same content. Its id is the label in the vector index."""

    __tablename__ = "embeddings"
    __table_args__ = (
        UniqueConstraint("model_id", "content_key"),
        Index("ix_embeddings_pixels", "model_id", "pixel_key"),
        Index("ix_embeddings_label", "model_id", "id"),
        {"sqlite_autoincrement": True},  # a label must never be given out twice
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    content_key: Mapped[str]
    pixel_key: Mapped[str]
    runtime: Mapped[str]
    precision: Mapped[str]
    device: Mapped[str]
    created_at: Mapped[float]
    vector: Mapped[bytes] = mapped_column(LargeBinary)  # float16, little-endian, dim values


class FavouriteRow(Base):
    """The user likes this photo."""

    __tablename__ = "favourites"

    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True)
    decided_at: Mapped[float]


class RatingRow(Base):
    """One to five stars."""

    __tablename__ = "ratings"

    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True)
    stars: Mapped[int]
    decided_at: Mapped[float]


class FlagRow(Base):
    """Picked or rejected."""

    __tablename__ = "flags"

    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True)
    flag: Mapped[str]
    decided_at: Mapped[float]


class LabelRow(Base):
    """A colour label."""

    __tablename__ = "labels"

    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True)
    label: Mapped[str] = mapped_column(PlainText)
    decided_at: Mapped[float]


class WithdrawalRow(Base):
    """A decision that was taken back, so that neither an older copy nor the file brings it in again."""

    __tablename__ = "withdrawals"

    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)  # a Kind, or "album:" and the album's id
    decided_at: Mapped[float]


class UnmatchedDecisionRow(Base):
    """What an imported file says about a photo that is not here yet."""

    __tablename__ = "unmatched_decisions"
    __table_args__ = (
        UniqueConstraint("folder_path", "relative_path"),
        Index("ix_unmatched_decisions_content_key", "content_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    folder_path: Mapped[str] = mapped_column(PathBytes)
    relative_path: Mapped[str] = mapped_column(PathBytes)
    content_key: Mapped[str | None]
    entry: Mapped[str]  # JSON, as in the file
    kept_at: Mapped[float]


class AlbumRow(Base):
    """A collection the user put together."""

    __tablename__ = "albums"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(PlainText)
    created_at: Mapped[float]


class AlbumPhotoRow(Base):
    """A photo's place in an album."""

    __tablename__ = "album_photos"
    __table_args__ = (Index("ix_album_photos_photo_id", "photo_id"),)

    album_id: Mapped[int] = mapped_column(ForeignKey("albums.id", ondelete="CASCADE"), primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[float]  # between its neighbours', so that moving one photo writes one row
    decided_at: Mapped[float]


class SavedSearchRow(Base):
    """A query the user gave a name."""

    __tablename__ = "saved_searches"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(PlainText)
    query: Mapped[str]  # JSON
    created_at: Mapped[float]


class SearchHistoryRow(Base):
    """A text that was searched for, and when for the last time."""

    __tablename__ = "search_history"
    __table_args__ = (UniqueConstraint("text"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(PlainText)
    used_at: Mapped[float]


class RefusalRow(Base):
    """A content that could not be read."""

    __tablename__ = "refusals"
    __table_args__ = (Index("ix_refusals_size", "size"),)

    content_key: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    reason: Mapped[str] = mapped_column(PlainText)
    version: Mapped[str]  # of the Photosift that tried; another may know better
    refused_at: Mapped[float]


class QueryEmbeddingRow(Base):
    """The embedding of a text that was searched for."""

    __tablename__ = "query_embeddings"
    __table_args__ = (
        UniqueConstraint("identity", "text_key"),
        Index("ix_query_embeddings_used_at", "used_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str]  # of the model
    text_key: Mapped[str]  # a digest of the text in lower case: what was searched for cannot be read here
    vector: Mapped[bytes] = mapped_column(LargeBinary)  # float32, so that answers stay the very same
    used_at: Mapped[float]


class FingerprintRow(Base):
    """What the pictures of one content look like in a few bits."""

    __tablename__ = "fingerprints"

    content_key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]  # of the recipe
    hashes: Mapped[bytes] = mapped_column(LargeBinary)  # 64 bits each, little-endian
    sharpness: Mapped[float]


class NotDuplicateRow(Base):
    """Two contents that the user does not want to see as duplicates again; twice the same: its copies."""

    __tablename__ = "not_duplicates"

    first: Mapped[str] = mapped_column(primary_key=True)  # content keys, the smaller one first
    second: Mapped[str] = mapped_column(primary_key=True)
    decided_at: Mapped[float]


class CalendarRow(Base):
    """One row: how far the clock was when photos were last forgotten."""

    __tablename__ = "calendar"

    id: Mapped[int] = mapped_column(primary_key=True)
    seen_at: Mapped[float]
    grace_until: Mapped[float | None]  # nothing is forgotten before


# A photo with a row in one of these is never forgotten, and keeps it when it is found again.
DECISIONS = (FavouriteRow, RatingRow, FlagRow, LabelRow, AlbumPhotoRow)
