"""`photosift index`: add folders, take their photos in, end."""

import argparse
import sys
from typing import Any

from tqdm import tqdm

from app.bootstrap import Services
from app.cli.decisions import keep_decisions
from app.cli.folders import add_folders, ask_about_vanished
from app.cli.output import EXIT_FAILED, EXIT_OK, printable, say
from app.cli.session import ModelLoading, open_session
from app.domain.manners import Manners, Pace, WaitReason
from app.domain.progress import IndexPhase, IndexProgress
from app.domain.status import ModelState, ModelStatus
from app.errors import FolderError, LibraryError

_PATIENCE_SECONDS = 0.2
_WAITS = {
    WaitReason.MAINS: "waiting for mains power",
    WaitReason.IDLE: "waiting until nobody uses the computer",
}
_GIVE_UP_AFTER = 3  # rests without any progress between them


def index(options: argparse.Namespace) -> int:
    """Returns when nothing is left to do."""
    with open_session(options, exclusive=True) as services:
        model = ModelLoading(services, options)
        refused = add_folders(services, options.folders)
        if not services.library.folders():
            raise FolderError("No folder is watched yet. Name one: photosift index FOLDER")
        settings = services.settings.load()
        services.indexing.show_raw_apart(settings.raw_apart)
        _behave(services, options)
        services.storage.allow(settings.picture_cache_gb)
        if options.accept_removals:
            services.folders.remove_vanished()
        with Bar() as bar:
            services.indexing.start(bar.show)
            while not (model.settled() and _is_done(services)):
                give_up_if_stuck(services)
        keep_decisions(services)
        _print_model(services.models.status())
        _print_outcome(services)
        asking = ask_about_vanished(services)
    return EXIT_FAILED if refused or asking else EXIT_OK


def _is_done(services: Services) -> bool:
    """Nothing is left to do, and no model is about to take over, before and after having looked."""
    models = services.models
    return not models.busy and services.indexing.wait_until_idle(_PATIENCE_SECONDS) and not models.busy


def _behave(services: Services, options: argparse.Namespace) -> None:
    """Keep to the manners that were named; one that cannot be kept here is said to be without effect."""
    if options.when_idle or options.on_mains:
        here = services.indexing.choices()
        for asked, reason in ((options.when_idle, here.no_idle), (options.on_mains, here.no_mains)):
            if asked and reason:
                say(f"indexing does not wait: {reason}")
    services.indexing.behave(Manners(Pace(options.pace), options.when_idle, options.on_mains))


def give_up_if_stuck(services: Services) -> None:
    """A window waits until the disk has room again; a command says so and ends."""
    times, reason = services.indexing.trouble
    if times >= _GIVE_UP_AFTER:
        raise LibraryError(f"{reason} What was done is kept; run the command again to go on.")


def _print_model(status: ModelStatus) -> None:
    if status.state is ModelState.READY:
        if status.message:
            say(status.message)
        return
    reason = status.message or "no model is chosen. Name one: photosift index --model FOLDER"
    say(f"photos can be found by name only: {reason}")


def _print_outcome(services: Services) -> None:
    counts = services.library.counts()
    print(f"{counts.photos} photos, {counts.embedded} of them found by what is in them.")
    problems = services.library.problems()
    if problems:
        say(f"{len(problems)} {'file' if len(problems) == 1 else 'files'} could not be read:")
        for problem in problems:
            print(f"  {printable(problem.path)}: {problem.reason}", file=sys.stderr)


class Bar:
    """A progress bar on a terminal, nothing elsewhere; what stands in the way is said anywhere."""

    def __init__(self) -> None:
        self._bar: Any = tqdm(total=0, unit="photo", disable=not sys.stderr.isatty(), file=sys.stderr)
        self._said = ""

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, progress: IndexProgress) -> None:
        """Called on the worker's thread."""
        message = _WAITS[progress.waits_for] if progress.waits_for else progress.message
        if message and message != self._said:
            tqdm.write(f"photosift: {message}", file=sys.stderr)
        self._said = message
        if progress.phase is IndexPhase.SCANNING:
            self._bar.set_description_str("looking through folders")
        elif progress.phase is IndexPhase.INDEXING:
            self._bar.set_description_str("indexing", refresh=False)
            self._bar.total = progress.total
            self._bar.update(progress.done - self._bar.n)
