"""When photos were last forgotten, so that a clock that jumped forgets none too early."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.Column("grace_until", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_calendar"),
    )
