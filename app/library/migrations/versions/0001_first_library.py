"""The first library: folders, photos, embeddings, decisions, words."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SHOWN = sa.text("state IN ('ready', 'pending')")

_WORDS = (
    "name",
    "folder_words",
    "title",
    "caption",
    "keywords",
    "camera_make",
    "camera_model",
    "lens",
    "taken_on",
)
_FRAGMENTS = ("name", "folder_words", "title", "caption", "keywords")


def upgrade() -> None:
    _create_folders()
    _create_photos()
    _create_models()
    _create_embeddings()
    _create_favourites()
    _create_ratings()
    _create_flags()
    _create_albums()
    _create_album_photos()
    _create_saved_searches()
    _create_words()


def _create_folders() -> None:
    op.create_table(
        "folders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("volume_id", sa.String()),
        sa.Column("volume_path", sa.LargeBinary()),
        sa.Column("added_at", sa.Double(), nullable=False),
        sa.Column("removed_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_folders"),
        sa.UniqueConstraint("path", name="uq_folders_path"),
        sqlite_autoincrement=True,
    )


def _create_photos() -> None:
    op.create_table(
        "photos",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("folder_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("pending", "ready", "problem", "missing", name="photostate", native_enum=False),
            nullable=False,
        ),
        sa.Column("unread", sa.Boolean(), nullable=False),
        sa.Column("relative_path", sa.LargeBinary(), nullable=False),
        sa.Column("directory", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folder_words", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mtime_ns", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.String()),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("sort_time", sa.Double(), nullable=False),
        sa.Column("added_at", sa.Double(), nullable=False),
        sa.Column("missing_since", sa.Double()),
        sa.Column("error", sa.Text()),
        sa.Column("content_key", sa.String()),
        sa.Column("pixel_key", sa.String()),
        sa.Column("embedded_by", sa.Integer()),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("format", sa.Text()),
        sa.Column("orientation", sa.Integer()),
        sa.Column("taken_at", sa.String()),
        sa.Column("taken_offset_minutes", sa.Integer()),
        sa.Column("taken_on", sa.String(), sa.Computed("substr(taken_at, 1, 10)", persisted=False)),
        sa.Column("camera_make", sa.Text()),
        sa.Column("camera_model", sa.Text()),
        sa.Column("lens", sa.Text()),
        sa.Column("exposure_seconds", sa.Double()),
        sa.Column("f_number", sa.Double()),
        sa.Column("iso", sa.Integer()),
        sa.Column("focal_length_mm", sa.Double()),
        sa.Column("latitude", sa.Double()),
        sa.Column("longitude", sa.Double()),
        sa.Column("altitude_m", sa.Double()),
        sa.Column("title", sa.Text()),
        sa.Column("caption", sa.Text()),
        sa.Column("keywords", sa.Text()),
        sa.ForeignKeyConstraint(["folder_id"], ["folders.id"], name="fk_photos_folder_id"),
        sa.PrimaryKeyConstraint("id", name="pk_photos"),
        sa.UniqueConstraint("folder_id", "relative_path", name="uq_photos_folder_id_relative_path"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_photos_content", "photos", ["content_key", "state", "folder_id"])
    op.create_index(
        "ix_photos_embedded",
        "photos",
        ["embedded_by", "id", "folder_id"],
        sqlite_where=sa.text("state = 'ready'"),
    )
    op.create_index("ix_photos_folder_grid", "photos", ["folder_id", "sort_time", "id"], sqlite_where=_SHOWN)
    op.create_index("ix_photos_grid", "photos", ["sort_time", "id", "folder_id"], sqlite_where=_SHOWN)
    op.create_index("ix_photos_pixels", "photos", ["pixel_key"])
    op.create_index(
        "ix_photos_queue",
        "photos",
        ["priority", "id", "folder_id"],
        sqlite_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_photos_recent", "photos", ["added_at", "folder_id", "sort_time"], sqlite_where=_SHOWN)
    op.create_index("ix_photos_state", "photos", ["folder_id", "state"])
    op.create_index("ix_photos_tree", "photos", ["folder_id", "directory"], sqlite_where=_SHOWN)


def _create_models() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("preprocessing", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
        sa.UniqueConstraint("identity", name="uq_models_identity"),
        sqlite_autoincrement=True,
    )


def _create_embeddings() -> None:
    op.create_table(
        "embeddings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("content_key", sa.String(), nullable=False),
        sa.Column("pixel_key", sa.String(), nullable=False),
        sa.Column("runtime", sa.String(), nullable=False),
        sa.Column("precision", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name="fk_embeddings_model_id"),
        sa.PrimaryKeyConstraint("id", name="pk_embeddings"),
        sa.UniqueConstraint("model_id", "content_key", name="uq_embeddings_model_id_content_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_embeddings_label", "embeddings", ["model_id", "id"])
    op.create_index("ix_embeddings_pixels", "embeddings", ["model_id", "pixel_key"])


def _create_favourites() -> None:
    op.create_table(
        "favourites",
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photos.id"], name="fk_favourites_photo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("photo_id", name="pk_favourites"),
    )


def _create_ratings() -> None:
    op.create_table(
        "ratings",
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name="fk_ratings_photo_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("photo_id", name="pk_ratings"),
    )


def _create_flags() -> None:
    op.create_table(
        "flags",
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("flag", sa.String(), nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name="fk_flags_photo_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("photo_id", name="pk_flags"),
    )


def _create_albums() -> None:
    op.create_table(
        "albums",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_albums"),
        sqlite_autoincrement=True,
    )


def _create_album_photos() -> None:
    op.create_table(
        "album_photos",
        sa.Column("album_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Double(), nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["album_id"], ["albums.id"], name="fk_album_photos_album_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photos.id"], name="fk_album_photos_photo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("album_id", "photo_id", name="pk_album_photos"),
    )
    op.create_index("ix_album_photos_photo_id", "album_photos", ["photo_id"])


def _create_saved_searches() -> None:
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_searches"),
        sqlite_autoincrement=True,
    )


def _create_words() -> None:
    """Full-text tables that read their text from `photos`.

    Fragments are not ranked, so their index does without the sizes of columns.
    """
    op.execute(
        f"CREATE VIRTUAL TABLE photo_words USING fts5({', '.join(_WORDS)}, content='photos',"
        " content_rowid='id', tokenize='unicode61 remove_diacritics 2')"
    )
    op.execute(
        f"CREATE VIRTUAL TABLE photo_fragments USING fts5({', '.join(_FRAGMENTS)}, content='photos',"
        " content_rowid='id', tokenize='trigram', columnsize=0)"
    )
