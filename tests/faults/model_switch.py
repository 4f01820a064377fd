"""Changes the model and changes back while searches go on, killed in the middle: no answer is lost or mixed.

Each case has two models, stand-ins or small real checkpoints, whose embeddings have as many numbers or not.
The library is embedded with the first; then the second is chosen, every process is killed while it embeds,
and photos are added. In the end the first is chosen again.
"""

import random
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.domain.media import DecodeRequest
from app.library.library import Library
from app.media.decode import decode_photo
from app.settings import SettingsStore
from tests.benchmarks.figures import Figure
from tests.checkpoints import make_checkpoint
from tests.faults.searching_process import (
    LIMIT,
    QUERIES,
    SearchingProcess,
    events,
    open_encoder,
    pixel_hash,
)
from tests.faults.world import World, faults, none_of, opened
from tests.homes import settings_file_in

_PHOTOS, _QUICK_PHOTOS = 1000, 80
_KILLS, _QUICK_KILLS = 4, 1
_NEWCOMERS = 3
_SECONDS = 300.0
_EQUAL = 0.999  # cosine of an embedding with itself after rounding to float16
_SEED = 5
_BATCH = 32


@dataclass
class _Case:
    """A library on its way from one model to another and back."""

    name: str
    models: tuple[str, str]
    world: World
    rng: random.Random
    identities: tuple[str, str] = ("", "")
    references: dict[tuple[str, str], list[int]] = field(default_factory=dict)  # (query, identity) -> ids
    stored: list[dict[str, set[str]]] = field(default_factory=list)  # after each kill: identity -> contents
    newcomers: set[int] = field(default_factory=set)
    repeated: int = 0  # photos that a kill cost their embedding before it was stored
    twice: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    embedded_at: int = 0  # so many answers came before the library was embedded for the first time
    _size: int = 0  # of the journal, as far as it was read
    _events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def journal(self) -> Path:
        return self.world.home / "journal.jsonl"

    def start(self) -> SearchingProcess:
        world = self.world
        return SearchingProcess(world.paths.root, world.folder, world.environment, world.home)

    def embedded(self, which: int) -> dict[str, int]:
        """What is stored for a model: content -> label."""
        statement = (
            "SELECT content_key, e.id FROM embeddings e JOIN models m ON m.id = e.model_id"
            f" WHERE identity = '{self.identities[which]}'"
        )
        return dict(self.ask(statement))

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """What is committed now; nothing before the library is finished."""
        database = self.world.paths.database
        if not database.exists():
            return []
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            return connection.execute(statement).fetchall() if {"embeddings", "models"} <= tables else []

    def wait(self, what: str, condition: Callable[[], bool], process: SearchingProcess) -> None:
        started = time.monotonic()
        while not condition():
            if process.ended or time.monotonic() - started > _SECONDS:
                raise RuntimeError(f"{self.name}: waited in vain until {what}\n{process.output()[-2000:]}")
            time.sleep(0.05)
        self.seconds[what] = round(time.monotonic() - started, 3)

    def answers_of(self, since: int) -> list[dict[str, Any]]:
        return self.read("answer")[since:]

    def read(self, kind: str) -> list[dict[str, Any]]:
        """All events of one kind so far."""
        size = self.journal.stat().st_size if self.journal.exists() else 0
        if size != self._size:
            self._size = size
            self._events = list(events(self.journal))
        return [event for event in self._events if event["event"] == kind]


def run(quick: bool) -> Iterator[Figure]:
    """Each case from end to end, and what it showed."""
    for name, first, second in _pairs(quick):
        with tempfile.TemporaryDirectory(prefix="photosift-switch-") as folder:
            yield from _figures(name, first, second, Path(folder), quick)


def _pairs(quick: bool) -> Iterator[tuple[str, str, str]]:
    yield "stand-ins, different dimensions", "stand-in 1 64", "stand-in 2 48"
    yield "stand-ins, equal dimensions", "stand-in 3 64", "stand-in 4 64"
    if quick:
        return
    with tempfile.TemporaryDirectory(prefix="photosift-switch-models-") as folder:
        one, other, clip = (Path(folder) / name for name in ("one", "other", "clip"))
        make_checkpoint(one, seed=1)
        make_checkpoint(other, seed=2)
        make_checkpoint(clip, family="clip", seed=3)
        yield "checkpoints, different dimensions", str(one), str(clip)
        yield "checkpoints, equal dimensions", str(one), str(other)


def _figures(name: str, first: str, second: str, folder: Path, quick: bool) -> Iterator[Figure]:
    world = World(folder / "home")
    world.add_photos(_QUICK_PHOTOS if quick else _PHOTOS)
    store = SettingsStore(settings_file_in(world.home))
    store.save(store.load().model_copy(update={"checkpoint": first}))
    case = _Case(name, (first, second), world, random.Random(_SEED))
    encoders = [open_encoder(model, "cpu") for model in (first, second)]
    case.identities = (encoders[0].spec.identity, encoders[1].spec.identity)
    kills = _QUICK_KILLS if quick else _KILLS
    try:
        _walk(case, kills)
        wrong = [*_wrong_embeddings(case, encoders), *faults(world.doctor())]
    finally:
        for encoder in encoders:
            encoder.close()
    answers = case.answers_of(case.embedded_at)
    details = {
        "photos": world.photos,
        "kills": kills,
        "answers": len(answers),
        "repeated after kills": case.repeated,
        "seconds": case.seconds,
        "seed": _SEED,
    }
    holds = len(answers) >= 100
    yield Figure(
        f"model_switch ({name}): searches answered", len(answers), "answers", ">= 100", holds, details
    )
    yield none_of(f"model_switch ({name}): empty answers", _empty(case, answers), "answers", details)
    yield none_of(f"model_switch ({name}): mixed answers", _mixed(case, answers), "answers", details)
    yield none_of(f"model_switch ({name}): mixed or wrong embeddings", wrong, "embeddings or faults", details)
    yield none_of(f"model_switch ({name}): embedded twice", case.twice, "photos", details)
    yield none_of(f"model_switch ({name}): not as promised", case.wrong, "steps", details)


# -- the walk


def _walk(case: _Case, kills: int) -> None:
    photos = case.world.photos
    process = case.start()
    case.wait("the first model has embedded all", lambda: len(case.embedded(0)) == photos, process)
    case.embedded_at = len(case.answers_of(0)) + 2  # what was asked before may be answered now
    _note_references(case, 0, process)
    process.tell(f"use {case.models[1]}")
    for number in range(kills):
        process = _kill_once(case, process, (number + 1) / (kills + 1) * 0.8, helpers_too=number % 2 == 0)
    _add_newcomers(case, process)
    photos += _NEWCOMERS
    case.wait("the second model answers", lambda: _answering(case) == case.identities[1], process)
    case.wait("the second model has embedded all", lambda: len(case.embedded(1)) == photos, process)
    _note_references(case, 1, process)
    _change_back(case, process)
    process.tell("quit")
    code = process.wait(60)
    if code:
        case.wrong.append(f"ended with {code}: {process.output()[-500:]}")


def _kill_once(
    case: _Case, process: SearchingProcess, share: float, *, helpers_too: bool
) -> SearchingProcess:
    """Kill while the second model is at work; the next start goes on where it was, the first answering."""
    wanted = int(share * case.world.photos) + case.rng.randrange(8)
    case.wait(f"{share:.0%} are embedded again", lambda: len(case.embedded(1)) >= wanted, process)
    process.kill(helpers_too=helpers_too)
    left = len(case.embedded(1))
    case.stored.append({identity: set(case.embedded(n)) for n, identity in enumerate(case.identities)})
    seen = len(case.answers_of(0))
    process = case.start()
    case.wait("there are answers again", lambda: len(case.answers_of(seen)) > 5, process)
    first = case.answers_of(seen)[0]["before"]
    if left < case.world.photos and first != case.identities[0]:
        case.wrong.append(f"after the kill at {left} the first answer was by {first}")
    return process


def _note_references(case: _Case, which: int, process: SearchingProcess) -> None:
    """What this model answers while nothing changes: all answers in between must be one of these."""
    identity = case.identities[which]
    seen = len(case.answers_of(0))

    def answered() -> bool:
        for answer in case.answers_of(seen):
            if answer["before"] == answer["after"] == identity:
                case.references[str(answer["query"]), identity] = _without(case, answer)
        return all((query, identity) in case.references for query in QUERIES)

    case.wait(f"model {which + 1} has answered everything", answered, process)


def _add_newcomers(case: _Case, process: SearchingProcess) -> None:
    """They are found by the model that answers long before the library is embedded anew."""
    before = case.embedded(0)
    case.world.add_photos(_NEWCOMERS)
    with opened_to_read(case) as library:
        known = {int(photo_id) for photo_id in library.photos.ids()}
    wanted = len(before) + _NEWCOMERS
    case.wait("newcomers are found by the first model", lambda: len(case.embedded(0)) >= wanted, process)
    if _answering(case) != case.identities[0]:
        case.wrong.append("the second model answered before newcomers were in")
    with opened_to_read(case) as library:
        case.newcomers = {int(photo_id) for photo_id in library.photos.ids()} - known


def _change_back(case: _Case, process: SearchingProcess) -> None:
    """Nothing is embedded for it, and the first model answers at once."""
    encoded = sum(1 for _ in case.read("encoded"))
    process.tell(f"use {case.models[0]}")
    case.wait("the first model answers again", lambda: _answering(case) == case.identities[0], process)
    seen = len(case.answers_of(0))
    case.wait("it has answered", lambda: len(case.answers_of(seen)) > 10, process)
    if case.answers_of(seen)[-1]["before"] != case.identities[0]:
        case.wrong.append("after changing back the second model still answers")
    if sum(1 for _ in case.read("encoded")) != encoded:
        case.wrong.append("changing back embedded photos again")


def _answering(case: _Case) -> str | None:
    """The model that the library says answers."""
    rows = case.ask("SELECT identity FROM models WHERE answering_since NOTNULL")
    return str(rows[0][0]) if rows else None


@contextmanager
def opened_to_read(case: _Case) -> Iterator[Library]:
    """The library as it is now, beside the process that has it."""
    library = Library.open_to_read(case.world.paths.database)
    try:
        yield library
    finally:
        library.close()


# -- the judgement


def _without(case: _Case, answer: dict[str, Any]) -> list[int]:
    """The best of an answer, without photos that came later."""
    return [photo_id for photo_id in answer["ids"] if photo_id not in case.newcomers][: LIMIT - _NEWCOMERS]


def _empty(case: _Case, answers: list[dict[str, Any]]) -> list[str]:
    failed = [f"{event['query']}: {event['error']}" for event in case.read("failed")]
    return failed + [
        f"{answer['query']} by {answer['before']}: {len(answer['ids'])} photos, {answer['message']}"
        for answer in answers
        if not answer["semantic"] or len(answer["ids"]) < LIMIT
    ]


def _mixed(case: _Case, answers: list[dict[str, Any]]) -> list[str]:
    """Answers that neither model gives by itself."""
    found = []
    for answer in answers:
        models = {answer["before"], answer["after"]}
        fitting = [case.references[answer["query"], model][: LIMIT - _NEWCOMERS] for model in models]
        if _without(case, answer) not in fitting:
            found.append(f"{answer['query']} by {answer['before']}, {answer['after']}: {answer['ids']}")
    return found


def _wrong_embeddings(case: _Case, encoders: Sequence[Any]) -> list[str]:
    """Stored embeddings that are not what the model makes of that content; also notes what was made twice."""
    wrong = []
    for encoder in encoders:
        spec = encoder.spec
        decoded = [decode_photo(DecodeRequest(str(path), spec.pixel_spec)) for path in case.world.seeds]
        with opened(case.world.paths) as library:
            labels = library.embeddings.labels(spec.identity)
            stored = library.embeddings.vectors(spec.identity, labels)
        contents = case.embedded(case.identities.index(spec.identity))
        rows = {int(label): row for row, label in enumerate(labels)}
        if len(labels) != len(decoded):
            wrong.append(f"{len(labels)} embeddings of {len(decoded)} photos by {spec.identity}")
        for start in range(0, len(decoded), _BATCH):
            part = decoded[start : start + _BATCH]
            for photo, own in zip(part, encoder.encode_images([one.pixels for one in part]), strict=True):
                label = contents.get(photo.content_key)
                if label is None or float(own @ stored[rows[label]]) < _EQUAL:
                    wrong.append(f"{photo.content_key} by {spec.identity}")
        _note_twice(case, spec.identity, {pixel_hash(one.pixels): one.content_key for one in decoded})
    return wrong


def _note_twice(case: _Case, identity: str, content_of: dict[str, str]) -> None:
    """What was stored before a start must not be embedded after it, nor anything twice by one process."""
    before: set[str] = set()
    made: set[str] = set()
    stored = iter(case.stored)
    for session in _sessions(case.journal):
        contents = Counter(
            content_of[pixels]
            for event in session
            if event["event"] == "encoded" and event["identity"] == identity
            for pixels in event["pixels"]
        )
        case.twice += [f"{content} {n} times by {identity}" for content, n in contents.items() if n > 1]
        case.twice += [f"{content} again by {identity}" for content in contents.keys() & before]
        case.repeated += len(contents.keys() & (made - before))
        made |= contents.keys()
        before = next(stored, {}).get(identity, set())


def _sessions(journal: Path) -> Iterator[list[dict[str, Any]]]:
    """What each process wrote."""
    session: list[dict[str, Any]] = []
    for event in events(journal):
        if event["event"] == "started" and session:
            yield session
            session = []
        session.append(event)
    yield session
