"""`photosift search`: print the photos that match, best first."""

import argparse
import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.bootstrap import Services
from app.cli.output import EXIT_NOTHING, EXIT_OK, EXIT_USAGE, printable, say
from app.cli.session import ModelLoading, open_session
from app.domain.photo import Photo
from app.domain.query import QueryImage, QueryTerm, Relevance, SearchQuery, SearchResult, SortOrder
from app.domain.status import ModelState
from app.errors import FileAccessError
from app.services.tuning import SearchTuning, lines_key

_SIGNS = {Relevance.STRONG: " ", Relevance.POSSIBLE: "~", Relevance.WEAK: "?"}


def search(options: argparse.Namespace) -> int:
    """Reads only, so it may run beside a window."""
    terms = _terms(options)
    with open_session(options, exclusive=False) as services:
        status = ModelLoading(services, options).wait()
        if status.state is ModelState.NONE:
            say("no model is chosen; name the folder of one with --model FOLDER")
        problems = services.search.understand(" ".join(options.words)).problems
        for problem in problems:
            say(f"{problem.message} Try {problem.instead}" if problem.instead else problem.message)
        if problems:
            return EXIT_USAGE
        result = _answer(services, terms, options)
        if result.message:
            say(result.message)
        _print_result(services, result, options.limit, in_json=options.json)
        return EXIT_OK if len(result.photo_ids) else EXIT_NOTHING


def _answer(services: Services, terms: tuple[QueryTerm, ...], options: argparse.Namespace) -> SearchResult:
    """The whole answer, however many rounds of measuring it takes."""
    query = SearchQuery(terms, sort=SortOrder(options.sort), limit=options.limit)
    tuning = SearchTuning.of(services.settings.load())
    if options.more is not None and services.models.identity is not None:
        key = lines_key(services.models.identity, terms)
        tuning = replace(tuning, steps={**tuning.steps, key: options.more})
    services.search.tune(tuning)
    result = services.search.search(query)
    while result.unfinished:
        say(result.message)
        result = services.search.search(query)
    return result


def _terms(options: argparse.Namespace) -> tuple[QueryTerm, ...]:
    words = " ".join(options.words).strip()
    texts = [QueryTerm(text=words)] if words else []
    liked = (QueryTerm(image=_picture(name)) for name in options.image)
    disliked = (QueryTerm(image=_picture(name), weight=-1.0) for name in options.unlike)
    return (*texts, *liked, *disliked)


def _picture(name: str) -> QueryImage:
    try:
        return QueryImage(Path(name).read_bytes(), Path(name).name)
    except OSError as error:
        raise FileAccessError(f"{printable(name)} cannot be read: {error.strerror}.") from error


def _print_result(services: Services, result: SearchResult, limit: int, *, in_json: bool) -> None:
    photos = {photo.photo_id: photo for photo in services.library.photos(result.photo_ids[:limit].tolist())}
    if len(result.photo_ids) and result.weak_from == 0:
        say("nothing here looks like that; these come nearest")
    for place, (photo_id, score) in enumerate(
        zip(result.photo_ids[:limit].tolist(), result.scores[:limit].tolist(), strict=True)
    ):
        photo = photos.get(photo_id)
        if photo is not None:
            its = result.relevance_at(place)
            print(_as_json(photo, score, its) if in_json else _as_line(photo, score, its))


def _as_line(photo: Photo, score: float, relevance: Relevance) -> str:
    shown = "  name" if math.isnan(score) else f"{score:6.2f}"
    return f"{shown} {_SIGNS[relevance]} {printable(photo.path)}"


def _as_json(photo: Photo, score: float, relevance: Relevance) -> str:
    metadata = photo.metadata
    taken_at = metadata.taken_at if metadata else None
    values: dict[str, Any] = {
        "path": printable(photo.path),
        "score": None if math.isnan(score) else round(score, 4),  # None: only the name matches
        "match": relevance.value,
        "taken_at": taken_at.isoformat() if taken_at else None,
        "favourite": photo.favourite,
        "companions": [printable(one.path) for one in photo.companions],
        "there": os.path.exists(photo.path),
    }
    return json.dumps(values)
