"""What people searched for, the places of photos in words, and the values that filters can take."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_SHOWN = "state IN ('ready', 'pending') AND companion_of IS NULL"


def upgrade() -> None:
    _create_history()
    _create_places()
    _index_values()


def _create_history() -> None:
    op.create_table(
        "search_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_history"),
        sa.UniqueConstraint("text", name="uq_search_history_text"),
    )


def _create_places() -> None:
    """Photos of the same place share one row of names, which are a thousand letters and more."""
    op.create_table(
        "places",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_places"),
        sa.UniqueConstraint("key", name="uq_places_key"),
    )
    op.add_column("photos", sa.Column("place_id", sa.Integer()))
    op.add_column("photos", sa.Column("place_by", sa.Integer()))
    op.create_index("ix_photos_place", "photos", ["place_id"], sqlite_where=sa.text("place_id IS NOT NULL"))
    op.create_index(
        "ix_photos_placed", "photos", ["place_by", "id"], sqlite_where=sa.text("latitude IS NOT NULL")
    )


def _index_values() -> None:
    """For completing what is typed: a library of a million photos must not be read for it."""
    for name, columns in (
        ("camera", ["camera_model", "camera_make"]),
        ("lens", ["lens"]),
        ("keywords", ["keywords"]),
    ):
        there = sa.text(f"{_SHOWN} AND {columns[0]} IS NOT NULL")
        op.create_index(f"ix_photos_{name}", "photos", columns, sqlite_where=there)
    op.create_index("ix_photos_format", "photos", ["format"], sqlite_where=sa.text("format IS NOT NULL"))
