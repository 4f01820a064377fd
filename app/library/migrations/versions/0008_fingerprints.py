"""What pictures look like in a few bits, so that duplicates are found without opening them."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    pass
