"""The embeddings of words that were searched for."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "query_embeddings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("text_key", sa.String(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_query_embeddings"),
        sa.UniqueConstraint("identity", "text_key", name="uq_query_embeddings_identity_text_key"),
    )
    op.create_index("ix_query_embeddings_used_at", "query_embeddings", ["used_at"])
