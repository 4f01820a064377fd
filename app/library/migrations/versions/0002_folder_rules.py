"""What each folder leaves out."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """A folder without rules leaves nothing out."""
    op.add_column("folders", sa.Column("rules", sa.Text()))
    op.add_column("photos", sa.Column("left_out", sa.Boolean(), server_default=sa.text("0"), nullable=False))
