"""The command `photosift`: opens the window, or hands over to the command line.

Nothing heavy is imported here at module level: helper processes import this module again when they start.
"""

import multiprocessing
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.bootstrap import Services


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse `arguments` (the process's own by default) and run; the exit code."""
    multiprocessing.freeze_support()
    _go_offline()
    from app.cli.arguments import parse

    options = parse(arguments)
    if options.command is None:
        return _run_window(options.library, verbose=options.verbose)
    if options.command == "demo" and not options.where:
        return _run_demo(verbose=options.verbose)
    from app.cli.commands import run

    return run(options)


def _go_offline() -> None:
    """Forbid the hub's client to connect, here and in every process we start; the download alone lifts it.

    It reads these variables once, when it is imported, and nothing has imported it yet.
    """
    os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", DO_NOT_TRACK="1")


def _run_window(library: str | None, *, verbose: bool) -> int:
    from pathlib import Path

    from app import logs
    from app.paths import DemoPaths, LibraryPaths, log_folder, settings_file
    from app.settings import SettingsStore
    from app.ui.application import run_window

    paths = LibraryPaths(Path(library).absolute()) if library else LibraryPaths.default()
    if paths == DemoPaths.default().library:
        return _run_demo(verbose=verbose)
    logs.configure(log_folder(), verbose=verbose)
    store = SettingsStore(settings_file())

    def open_library() -> "Services":
        from app.bootstrap import open_services  # behind the window: it takes longer than all the rest

        return open_services(paths, store)

    return run_window(open_library, store)


def _run_demo(*, verbose: bool) -> int:
    from app import logs
    from app.paths import DemoPaths, log_folder
    from app.settings import SettingsStore
    from app.ui.application import run_window

    logs.configure(log_folder(), verbose=verbose)
    paths = DemoPaths.default()
    store = SettingsStore(paths.settings)

    def open_library() -> "Services":
        from app.bootstrap import open_demo  # behind the window, as above

        return open_demo(paths, store)

    return run_window(open_library, store, demo=True)


if __name__ == "__main__":
    sys.exit(main())
