"""From the end of the typing pause to painted results, in the real window, with 10,000 and 100,000 photos.

Dispatch is the moment the search bar's timer fires, 150 ms after the last key. Painted: the grid has drawn
the new result, every visible row with its photo; one figure waits for every visible thumbnail too.
The text encoder's share is the time the search service waited for the embedding. Warm: the model is loaded,
some queries went before, indexing is done. Embeddings are random, as is the model, so the rows are arbitrary.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure, percentile, spread
from tests.benchmarks.seeded_home import prepare_home
from tests.checkpoints import cached_checkpoint
from tests.homes import ROOT, environment_in

_BESIDES_MS = 100.0
_TOTAL_MS = 250.0
_LIMIT_SECONDS = 1200


def run(quick: bool) -> Iterator[Figure]:
    """When quick: a tiny model, 10,000 photos, 20 queries; else the base model, both sizes and 80 queries."""
    size, queries = ("tiny", 20) if quick else ("base", 80)
    checkpoint = cached_checkpoint("siglip2-fixres", size)
    for count in (10_000,) if quick else (10_000, 100_000):
        with tempfile.TemporaryDirectory(prefix="photosift-queries-") as folder:
            home = Path(folder)
            library = prepare_home(home, count, checkpoint, precision="float32")
            reports = _session(home, ["--queries", str(queries), "--library", str(library.root)])
        yield from _figures(reports, count, size)


def _session(home: Path, arguments: Sequence[str]) -> list[dict[str, Any]]:
    """Run the probe; what it says about each query."""
    command = [sys.executable, "-m", "tests.benchmarks.query_probe", *arguments]
    environment = {"QT_QPA_PLATFORM": "offscreen", **environment_in(home)}
    completed = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=_LIMIT_SECONDS,
    )
    reports = [json.loads(line) for line in completed.stdout.splitlines() if line.startswith("{")]
    if completed.returncode or not reports:
        raise RuntimeError(f"the session failed:\n{completed.stdout}")
    return reports


def _figures(reports: Sequence[dict[str, Any]], count: int, size: str) -> Iterator[Figure]:
    encode = [report["encode_ms"] for report in reports]
    rows = [report["rows_ms"] for report in reports]
    pictures = [report["pictures_ms"] for report in reports]
    besides = [total - share for total, share in zip(rows, encode, strict=True)]
    common = {
        "photos": count,
        "model": size,
        "precision": "float32",
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
    for what, values, limit in (
        ("to painted rows, besides the text encoder", besides, _BESIDES_MS),
        ("to painted rows, in all", rows, _TOTAL_MS),
        ("to painted thumbnails, in all", pictures, None),
        ("in the text encoder", encode, None),
        ("to the result, in all", [report["found_ms"] for report in reports], None),
    ):
        p95 = percentile(values, 95)
        bar = f"p95 <= {limit:g} ms" if limit else ""
        holds = p95 <= limit if limit else None
        yield Figure(
            f"query_latency: {what}, {count:,} photos", p95, "ms", bar, holds, common | spread(values)
        )
