"""`photosift export`: what the library holds, in files that other programs read."""

import argparse
import functools
import os
from pathlib import Path

from app.cli.decisions import export_decisions
from app.cli.output import EXIT_OK, printable, say
from app.cli.session import open_session
from app.cli.step_bar import StepBar
from app.domain.stored_embeddings import EmbeddingFormat

_NAME = "photosift-embeddings"


def export(options: argparse.Namespace) -> int:
    """Decisions or embeddings."""
    return export_embeddings(options) if options.what == "embeddings" else export_decisions(options)


def export_embeddings(options: argparse.Namespace) -> int:
    """Reads only: may run beside a window."""
    format_ = _format(options)
    path = Path(options.output or f"{_NAME}.{format_}").absolute()
    with open_session(options, exclusive=False) as services, StepBar() as bar:
        written = services.embedding_files.export_to(
            path,
            format_,
            model=options.model,
            folders=[os.path.abspath(folder) for folder in options.folder],
            overwrite=options.force,
            on_progress=functools.partial(bar.show, "embeddings"),
        )
    model = f"{printable(written.model)} ({written.identity})"
    print(f"{written.photos:,} embeddings of {written.dim} numbers by {model} are in {printable(str(path))}.")
    if written.lacking:
        say(f"{written.lacking:,} photos have no embedding by this model and are not in it")
    return EXIT_OK


def _format(options: argparse.Namespace) -> EmbeddingFormat:
    """What was said, else what the file's name says."""
    if options.format is None and options.output and Path(options.output).suffix.lower() == ".parquet":
        return EmbeddingFormat.PARQUET
    return EmbeddingFormat(options.format or EmbeddingFormat.NPZ)
