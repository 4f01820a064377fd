"""Ratings, labels and keywords from files; labels of our own, and what was taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _extend_photos()
    _create_labels()
    _create_withdrawals()
    _create_unmatched_decisions()


def _extend_photos() -> None:
    for column in (
        sa.Column("taken_from", sa.String()),
        sa.Column("file_rating", sa.Integer()),
        sa.Column("file_rating_at", sa.Double()),
        sa.Column("file_rating_noticed_at", sa.Double()),
        sa.Column("file_label", sa.Text()),
        sa.Column("file_label_at", sa.Double()),
        sa.Column("file_label_noticed_at", sa.Double()),
        sa.Column("sidecar_mtime_ns", sa.Integer()),
    ):
        op.add_column("photos", column)


def _create_labels() -> None:
    op.create_table(
        "labels",
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name="fk_labels_photo_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("photo_id", name="pk_labels"),
    )


def _create_withdrawals() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photos.id"], name="fk_withdrawals_photo_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("photo_id", "what", name="pk_withdrawals"),
    )


def _create_unmatched_decisions() -> None:
    op.create_table(
        "unmatched_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("folder_path", sa.LargeBinary(), nullable=False),
        sa.Column("relative_path", sa.LargeBinary(), nullable=False),
        sa.Column("content_key", sa.String()),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("kept_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unmatched_decisions"),
        sa.UniqueConstraint(
            "folder_path", "relative_path", name="uq_unmatched_decisions_folder_path_relative_path"
        ),
    )
    op.create_index("ix_unmatched_decisions_content_key", "unmatched_decisions", ["content_key"])
