"""The embeddings of words that were searched for."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pass
