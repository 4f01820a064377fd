"""`photosift evaluate`: definitions against figures worked out by hand, and a run on a captioned folder.

The folder holds drawn scenes that the demo model never saw, with captions by its grammar; the command runs as
a user would run it. In the control every picture has another one's captions.
"""

import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from app.demo.captions import Language, caption
from app.demo.drawing import draw
from app.demo.scenes import ATTRIBUTES, Scene, wanted_of
from app.paths import resource
from app.services.evaluation.measures import average_precisions, caption_ranks, recall_totals, shares
from tests import hand_checked
from tests.benchmarks.demo_recall import held_out_scenes
from tests.benchmarks.figures import Figure
from tests.homes import ROOT, environment_in

SEED = 6106
_CAPTIONS_EACH = 2
_LIMIT_SECONDS = 600.0


def run(quick: bool) -> Iterable[Figure]:
    """The definitions, then the folder."""
    worked_out, measured = _definitions()
    same = int(np.isclose(worked_out, measured, rtol=0, atol=1e-9, equal_nan=True).sum())
    details = {"measures": len(worked_out)}
    yield Figure("evaluate.definitions", same, "figures", "all as by hand", same == len(worked_out), details)
    with tempfile.TemporaryDirectory(prefix="photosift-evaluate-") as folder:
        yield from _folder(Path(folder), 40 if quick else 500)


def _definitions() -> tuple[list[float], list[float]]:
    """Figures by hand, and what the product's measures give."""
    ranks = caption_ranks(hand_checked.PICTURES, hand_checked.CAPTIONS, hand_checked.IMAGE_OF)
    count = len(hand_checked.PICTURES)
    totals = [
        recall_totals(ranks.of_own_image, hand_checked.IMAGE_OF, count, cut)
        for cut in hand_checked.TEXT_TO_IMAGE
    ]
    totals += [
        recall_totals(ranks.of_best_caption, np.arange(count), count, cut)
        for cut in hand_checked.IMAGE_TO_TEXT
    ]
    found = average_precisions(hand_checked.ON_A_CIRCLE, hand_checked.GROUPS)
    by_hand = [*hand_checked.TEXT_TO_IMAGE.values(), *hand_checked.IMAGE_TO_TEXT.values()]
    by_hand += [*hand_checked.WITHOUT_QUERY, *hand_checked.WITH_QUERY]
    return by_hand, [*shares(totals), *found.without_query, *found.with_query]


def _folder(place: Path, count: int) -> Iterator[Figure]:
    scenes = held_out_scenes(count, SEED)
    for number, scene in enumerate(scenes):
        draw(scene, (800, 600), seed=number).save(place / f"{number:04}.jpg", "JPEG", quality=90)
    right = _evaluate(place, _table(place / "right.csv", scenes))
    wrong = _evaluate(place, _table(place / "wrong.csv", [*scenes[1:], *scenes[:1]]))
    details = {
        "pictures": right["images"],
        "captions": right["captions"],
        "model": right["model"]["checkpoint"],
    }
    for measure in right["measures"]:
        if measure["measure"] == "R@1":
            name, value = f"evaluate.folder.{measure['task']}.r_at_1", measure["value"]
            interval = {"low": measure["low"], "high": measure["high"]}
            yield Figure(name, value, "%", ">= 60 % on drawn scenes", value >= 60, details | interval)
    control = wrong["measures"][0]["value"]
    yield Figure("evaluate.control", control, "%", "<= 5 % with wrong captions", control <= 5, details)


def _table(file: Path, scenes: Sequence[Scene]) -> Path:
    """Captions of the scenes, in the order of the pictures."""
    rng = Random(SEED)
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(["image", "caption"])
        for number, scene in enumerate(scenes):
            for _ in range(_CAPTIONS_EACH):
                text = caption(wanted_of(scene, ATTRIBUTES), Language.ENGLISH, rng)
                writer.writerow([f"{number:04}.jpg", text])
    return file


def _evaluate(folder: Path, captions: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "app", "evaluate", "folder", str(folder), "--captions", str(captions)]
    model = ["--model", str(resource("demo/photosift-drawn-scenes")), "--device", "cpu", "--json"]
    answer = subprocess.run(
        [*command, *model],
        cwd=ROOT,
        env=environment_in(folder),
        capture_output=True,
        text=True,
        check=True,
        timeout=_LIMIT_SECONDS,
    )
    report: dict[str, Any] = json.loads(answer.stdout)
    return report
