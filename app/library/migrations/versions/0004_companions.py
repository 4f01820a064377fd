"""Pairs of files that are one item."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_SHOWN = sa.text("state IN ('ready', 'pending') AND companion_of IS NULL")
_READ = sa.text("state = 'ready' AND companion_of IS NULL")
_PRESENT = sa.text("state IN ('ready', 'pending', 'problem')")
_STEM = (
    "replace(replace(replace(lower(rtrim(name, replace(name, '.', ''))),"
    " '.raw-01.cover.', '.'), '.raw-01.mp.cover.', '.'), '.raw-02.original.', '.')"
)
_REPLACED = ("grid", "folder_grid", "tree", "recent", "embedded", "state", "content")


def upgrade() -> None:
    """Which files are pairs, the program finds out when it starts."""
    op.add_column("photos", sa.Column("companion_of", sa.Integer()))
    op.add_column(
        "photos", sa.Column("stem", sa.String(), sa.Computed(_STEM, persisted=False), nullable=False)
    )
    for name in _REPLACED:
        op.drop_index(f"ix_photos_{name}", "photos")
    op.create_index("ix_photos_grid", "photos", ["sort_time", "id", "folder_id"], sqlite_where=_SHOWN)
    op.create_index("ix_photos_folder_grid", "photos", ["folder_id", "sort_time", "id"], sqlite_where=_SHOWN)
    op.create_index("ix_photos_tree", "photos", ["folder_id", "directory"], sqlite_where=_SHOWN)
    op.create_index("ix_photos_recent", "photos", ["added_at", "folder_id", "sort_time"], sqlite_where=_SHOWN)
    op.create_index("ix_photos_embedded", "photos", ["embedded_by", "id", "folder_id"], sqlite_where=_READ)
    op.create_index("ix_photos_state", "photos", ["folder_id", "state", "companion_of"])
    op.create_index("ix_photos_content", "photos", ["content_key", "state", "folder_id", "companion_of"])
    op.create_index(
        "ix_photos_stem",
        "photos",
        ["folder_id", "directory", "stem", "companion_of"],
        sqlite_where=_PRESENT,
    )
    op.create_index(
        "ix_photos_companions", "photos", ["companion_of"], sqlite_where=sa.text("companion_of IS NOT NULL")
    )
