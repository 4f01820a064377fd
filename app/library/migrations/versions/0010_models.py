"""Which model answers searches here, and where each that has embeddings was loaded from."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("models", sa.Column("place", sa.LargeBinary()))
    op.add_column("models", sa.Column("naflex_patches", sa.Integer()))
    op.add_column("models", sa.Column("answering_since", sa.Double()))
