"""What pictures look like in a few bits, so that duplicates are found without opening them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "fingerprints",
        sa.Column("content_key", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("sharpness", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("content_key", name="pk_fingerprints"),
    )
    op.create_table(
        "not_duplicates",
        sa.Column("first", sa.String(), nullable=False),
        sa.Column("second", sa.String(), nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("first", "second", name="pk_not_duplicates"),
    )
