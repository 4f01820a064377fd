"""What people searched for, and the places of photos in words."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    pass
