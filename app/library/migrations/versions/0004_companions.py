"""Pairs of files that are one item."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Nothing yet."""
