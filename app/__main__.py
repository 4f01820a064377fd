"""The command `photosift`: opens the window, or hands over to the command line.

Nothing heavy is imported here at module level: helper processes import this module again when they start.
"""

import gc
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

_INTERRUPTED = 130  # as shells have it

_GC_THRESHOLDS = (2_000, 5, 10_000)  # new objects, then younger collections until an older one


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse `arguments` (the process's own by default) and run; the exit code."""
    multiprocessing.freeze_support()
    try:
        return _run(arguments)
    except KeyboardInterrupt:  # before a command began: the others tell what they kept
        return _INTERRUPTED


def _run(arguments: Sequence[str] | None) -> int:
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

    with _importing():
        from app.bootstrap import open_services  # isort: skip
        from app.ui.application import run_window  # isort: skip

    paths = LibraryPaths(Path(library).absolute()) if library else LibraryPaths.default()
    if paths == DemoPaths.default().library:
        return _run_demo(verbose=verbose)
    logs.configure(log_folder(), verbose=verbose)
    store = SettingsStore(settings_file())

    return run_window(lambda: open_services(paths, store), store, library=paths.root)


def _run_demo(*, verbose: bool) -> int:
    from app import logs
    from app.errors import SettingsError
    from app.paths import DemoPaths, log_folder
    from app.settings import SettingsStore

    with _importing():
        from app.bootstrap import choose_demo_model, open_demo  # isort: skip
        from app.ui.application import run_window  # isort: skip

    logs.configure(log_folder(), verbose=verbose)
    paths = DemoPaths.default()
    store = SettingsStore(paths.settings)
    with suppress(SettingsError):  # the window opens all the same, and says it
        choose_demo_model(store)

    return run_window(lambda: open_demo(paths, store), store, library=paths.library.root, demo=True)


@contextmanager
def _importing() -> Iterator[None]:
    """For the imports of a window, the services before Qt.

    Qt for Python takes part in every later import, which makes the services' modules a fifth slower. What
    imports make lives for good: the garbage collector need neither look at it now nor ever again. Full
    collections become rare: each stops every thread, for 100 ms amid the scan of 100,000 files, and what a
    scan makes has no cycles that only they could free.
    """
    gc.disable()
    yield
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    gc.enable()


if __name__ == "__main__":
    sys.exit(main())
