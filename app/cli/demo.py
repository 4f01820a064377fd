"""`photosift demo --where`: print where the demonstration's library is, for the other commands."""

import argparse

from app.cli.output import EXIT_OK, printable
from app.paths import DemoPaths


def where(_: argparse.Namespace) -> int:
    """Made when the demonstration is first opened; naming it makes nothing."""
    print(printable(str(DemoPaths.default().library.root)))
    return EXIT_OK
