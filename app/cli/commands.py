"""Carries commands out: errors go to stderr, their kind into the exit code."""

import argparse
import io
import os
import sys

from app import logs
from app.cli.decisions import import_decisions
from app.cli.demo import where
from app.cli.doctor import doctor
from app.cli.duplicates import duplicates
from app.cli.evaluating import run_evaluation
from app.cli.exporting import export
from app.cli.indexing import index
from app.cli.models import model
from app.cli.output import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, say
from app.cli.searching import search
from app.cli.status import status
from app.errors import AppError
from app.paths import log_folder

_COMMANDS = {
    "index": index,
    "search": search,
    "status": status,
    "model": model,
    "doctor": doctor,
    "duplicates": duplicates,
    "export": export,
    "import": import_decisions,
    "evaluate": run_evaluation,
    "demo": where,
}


def run(options: argparse.Namespace) -> int:
    """Carry out the command of parsed options; the exit code."""
    _never_fail_to_print()
    logs.configure(log_folder(), verbose=options.verbose)
    try:
        code = _COMMANDS[options.command](options)
        sys.stdout.flush()  # here, where it is noticed that the reader has gone
    except AppError as error:
        say(str(error))
        return EXIT_FAILED
    except KeyboardInterrupt:
        say("interrupted; what was done is kept")
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    return code


def _never_fail_to_print() -> None:
    """A terminal that has no such letter shows its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
