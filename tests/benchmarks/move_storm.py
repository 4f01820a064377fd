"""5,000 files shuffled between folders, while running and while closed: photos embedded again, hearts astray.

A tenth are identical copies of each other. In each storm a fifth of the files change places, the others go
elsewhere, a third of them renamed. A tenth get other metadata on the way, half of them written to in place,
half as a new file; a twentieth are copied and deleted, as to another drive.

Right is the very file where it was renamed. Where it became a new file, it is the one of the same content
or picture, and among identical copies the one of the same name: files that are written anew keep their
names here.
"""

import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from app.domain.photo import Photo
from app.media.decode_pool import DecodePool
from tests.benchmarks.figures import Figure
from tests.fake_encoder import FakeEncoder
from tests.indexing_rig import Rig, wait_for

_LIMIT_SECONDS = 240.0
_HEIRS_SECONDS = 30.0
_COPIES = 10  # identical files in a group
_BAR = "0 photos embedded again, every favourite on its file"


@dataclass(frozen=True, slots=True)
class _Move:
    """What happens to one file."""

    source: Path
    target: Path
    how: str  # "rename", "edit", "rewrite" or "copy"


def run(quick: bool) -> Iterator[Figure]:
    """400 files when quick, else 5,000."""
    count = 400 if quick else 5000
    with (
        tempfile.TemporaryDirectory(prefix="photosift-storm-") as folder,
        closing(Rig(Path(folder), DecodePool(os.cpu_count() or 1))) as rig,
    ):
        encoder = FakeEncoder()
        roots = [rig.add_folder(name)[1] for name in ("one", "two")]
        make_files(roots, count)
        rig.use(encoder)
        rig.start()
        wait_for(lambda: len(rig.photos()) == count and rig.all_done(), "all are in", _LIMIT_SECONDS)
        rig.worker.wait_until_idle(_LIMIT_SECONDS)
        liked = [photo.photo_id for photo in rig.photos()][::3]
        rig.library.photos.set_favourite(liked, True)
        for while_running in (True, False):
            yield _storm(rig, encoder, roots, while_running)


def make_files(roots: list[Path], count: int) -> None:
    """Small JPEGs in twenty directories of each folder; a tenth are copies of each other, ten of a kind."""
    random_pixels = np.random.default_rng(1)
    for number in range(count):
        place = roots[number % 2] / f"album {number // 2 % 20}"
        place.mkdir(exist_ok=True)
        if number >= count // 10 or number % _COPIES == 0:
            pixels = random_pixels.integers(0, 255, (32, 48, 3), np.uint8)
        Image.fromarray(pixels).save(place / f"IMG_{number:05d}.jpg", quality=85)


def _storm(rig: Rig, encoder: FakeEncoder, roots: list[Path], while_running: bool) -> Figure:
    before = {photo.path: photo for photo in rig.photos()}
    embedded = encoder.images_encoded
    moves = plan(roots, sorted(before), seed=int(while_running))
    if not while_running:
        rig.worker.stop()
    carry_out(moves)
    if not while_running:
        rig.restart()
    targets = sorted(str(move.target) for move in moves)
    wait_for(
        lambda: sorted(photo.path for photo in rig.photos()) == targets and rig.all_done(),
        "every file is where it went",
        _LIMIT_SECONDS,
    )
    rig.worker.wait_until_idle(_LIMIT_SECONDS)
    astray = _astray(rig, before, moves)
    deadline = time.monotonic() + _HEIRS_SECONDS
    while astray and time.monotonic() < deadline:  # a copy that was read before its original was deleted
        time.sleep(1)
        astray = _astray(rig, before, moves)
    again = encoder.images_encoded - embedded
    details = {
        "files": len(moves),
        "favourites": sum(photo.favourite for photo in before.values()),
        "astray": len(astray),
        "astray_by_kind": Counter(move.how for move in astray),
        "moves_by_kind": Counter(move.how for move in moves),
        "rows_beyond_files": sum(len(rig.library.photos.known_files(n)) for n in (1, 2)) - len(moves),
    }
    name = f"move_storm, {'running' if while_running else 'closed'}"
    return Figure(name, again, "photos embedded again", _BAR, again == 0 and not astray, details)


def _astray(rig: Rig, before: dict[str, Photo], moves: list[_Move]) -> list[_Move]:
    """Moves whose photo is not the one it was: another row, or another decision."""
    after = {photo.path: photo for photo in rig.photos()}

    def kept(move: _Move) -> bool:
        was, now = before[str(move.source)], after.get(str(move.target))
        return now is not None and (now.photo_id, now.favourite) == (was.photo_id, was.favourite)

    return [move for move in moves if not kept(move)]


def plan(roots: list[Path], paths: list[str], seed: int) -> list[_Move]:
    """Most go to another directory, some get another name, some change places with each other."""
    dice = random.Random(seed)
    sources = [Path(path) for path in paths]
    dice.shuffle(sources)
    swapping = len(sources) // 5
    targets = dice.sample(sources[:swapping], swapping)  # a permutation: chains that end where they began
    moves = [
        _Move(source, target, "rename") for source, target in zip(sources[:swapping], targets, strict=True)
    ]
    for number, source in enumerate(sources[swapping:]):
        place = dice.choice(roots) / f"album {dice.randrange(25)}" / f"storm {seed}"
        how = {0: "edit", 1: "rewrite", 2: "copy"}.get(number % 16, "rename")
        name = f"{seed}-{number} {source.name}" if how == "rename" and number % 3 == 0 else source.name
        moves.append(_Move(source, place / name, how))
    return moves


def carry_out(moves: list[_Move]) -> None:
    """Through hidden names where a name is still taken."""
    taken = {move.source for move in moves}
    waiting = []
    for number, move in enumerate(moves):
        move.target.parent.mkdir(parents=True, exist_ok=True)
        if move.target in taken and move.target != move.source:
            hidden = move.source.with_name(f".{number}.moving")
            move.source.rename(hidden)
            waiting.append((hidden, move.target))
        elif move.how == "copy":
            shutil.copy2(move.source, move.target)
            move.source.unlink()
        elif move.how == "rewrite":
            move.target.write_bytes(_with_comment(move.source.read_bytes(), number))
            move.source.unlink()
        else:
            move.source.rename(move.target)
            if move.how == "edit":
                move.target.write_bytes(_with_comment(move.target.read_bytes(), number))
    for hidden, target in waiting:
        hidden.rename(target)


def _with_comment(data: bytes, number: int) -> bytes:
    """The same picture with a comment in front: an edit of its metadata."""
    text = f"edited in the storm: {number}".encode()
    return data[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + data[2:]
