"""The text tower without torch, against the one with it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.embedding.checkpoint import Checkpoint, open_checkpoint
from app.embedding.exported_text import (
    open_exported_text,
    read_text_facts,
    text_export,
    text_export_is_needed,
    tokens_folder,
)
from app.embedding.text_bank import captions, odd_texts
from app.embedding.text_export import _chosen
from app.embedding.text_tower import load_text_tower
from tests.homes import ROOT

FAMILIES = ["siglip2-fixres", "siglip2-naflex", "siglip1", "clip"]
TEXTS = ["a dog", *captions()[::20], *odd_texts()[::3]]
CheckpointOf = Callable[[str], Path]

_WITHOUT_TORCH = """
import sys
from app.embedding.checkpoint import open_checkpoint
from app.embedding.exported_text import open_exported_text
tower = open_exported_text(open_checkpoint(sys.argv[1]))
assert tower.encode(["a dog", "海辺の犬"]).shape[0] == 2
left_out = {"torch", "transformers", "nncf", "openvino_telemetry"}
print(sorted(name for name in left_out if sys.modules.get(name) is not None))
"""


@pytest.fixture
def copied(text_exported: Callable[[str], Checkpoint], tmp_path: Path) -> Checkpoint:
    """One that may be changed."""
    shutil.copytree(text_exported("siglip2-fixres").folder, tmp_path / "copy")
    return open_checkpoint(str(tmp_path / "copy"))


def smallest_cosine(a: np.ndarray, b: np.ndarray) -> float:
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(axis=1) / lengths).min())


@pytest.mark.parametrize("family", FAMILIES)
def test_exported_embeddings_are_torchs(family: str, text_exported: Callable[[str], Checkpoint]) -> None:
    checkpoint = text_exported(family)
    expected = load_text_tower(checkpoint).encode(TEXTS)
    chosen = open_exported_text(checkpoint)
    assert chosen is not None
    least = 0.9999 if chosen.runtime.precision == "float32" else 0.995
    assert smallest_cosine(expected, chosen.encode(TEXTS)) >= least
    for number, text in enumerate(TEXTS[:4]):  # alone as in a batch
        assert smallest_cosine(expected[number : number + 1], chosen.encode([text])) >= least


def test_a_query_needs_neither_torch_nor_transformers(text_exported: Callable[[str], Checkpoint]) -> None:
    completed = subprocess.run(
        [sys.executable, "-c", _WITHOUT_TORCH, text_exported("siglip2-fixres").folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.stdout.strip() == "[]", completed.stderr


def test_what_each_precision_is_worth_is_kept_with_its_conditions(
    text_exported: Callable[[str], Checkpoint],
) -> None:
    facts = read_text_facts(text_exported("siglip2-fixres"))
    assert facts is not None
    results = facts.proof["results"]
    assert results.keys() >= {"float32", "int8-dynamic"}
    for name, result in results.items():
        assert result["milliseconds"] > 0
        if name != "float32":
            assert result["passed"] == (result["cosine"] >= 0.995 and result["overlap"] >= 0.95)
    assert facts.precision == "float32" or results[facts.precision]["passed"]
    assert facts.proof["texts"] == 200


def test_only_the_export_that_answers_is_kept(text_exported: Callable[[str], Checkpoint]) -> None:
    checkpoint = text_exported("siglip2-fixres")
    facts = read_text_facts(checkpoint)
    assert facts is not None
    folder = text_export(checkpoint, facts.precision)
    assert [path.name for path in folder.parent.glob("text-*") if path != tokens_folder(checkpoint)] == [
        folder.name
    ]


def test_nothing_is_made_twice_until_the_machine_or_a_version_is_another(copied: Checkpoint) -> None:
    assert not text_export_is_needed(copied)
    path = tokens_folder(copied).parent / "text.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["proof"]["conditions"]["processor"] = "another"
    path.write_text(json.dumps(kept), encoding="utf-8")
    assert text_export_is_needed(copied)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.expects_log_warnings
@pytest.mark.parametrize("damaged", ["model.bin", "pairs.npz", "text.json"])
def test_what_is_damaged_is_not_used(copied: Checkpoint, damaged: str) -> None:
    [path] = tokens_folder(copied).parent.rglob(damaged)
    cut(path)
    assert open_exported_text(copied) is None


@pytest.mark.expects_log_warnings
@pytest.mark.parametrize("damage", ["empty", "half", "another letter"])
@pytest.mark.parametrize("family", ["siglip2-fixres", "siglip1", "clip"])
def test_a_damaged_tokenizer_is_not_used(
    family: str, damage: str, text_exported: Callable[[str], Checkpoint], tmp_path: Path
) -> None:
    shutil.copytree(text_exported(family).folder, tmp_path / "copy")
    checkpoint = open_checkpoint(str(tmp_path / "copy"))
    [path] = tokens_folder(checkpoint).iterdir()
    content = path.read_bytes()
    if damage == "another letter":  # where it is JSON, it still is
        at = next(at for at in range(len(content) // 2, len(content)) if chr(content[at]).isalpha())
        path.write_bytes(content[:at] + bytes([content[at] ^ 2]) + content[at + 1 :])
    else:
        path.write_bytes(b"" if damage == "empty" else content[: len(content) // 2])
    assert open_exported_text(checkpoint) is None


def test_without_an_export_there_is_none(checkpoint_of: CheckpointOf) -> None:
    checkpoint = open_checkpoint(str(checkpoint_of("siglip2-naflex")))
    assert open_exported_text(checkpoint) is None
    assert text_export_is_needed(checkpoint)


@pytest.mark.parametrize(
    ("milliseconds", "passed", "chosen"),
    [
        ((9.0, 5.0, 4.0), (True, True), "int8-dynamic"),
        ((9.0, 5.0, 5.5), (True, True), "int8-dynamic"),  # nearly as fast, and a quarter of the memory
        ((9.0, 5.0, 8.0), (True, True), "bfloat16"),
        ((9.0, 5.0, 4.0), (True, False), "bfloat16"),
        ((9.0, 5.0, 4.0), (False, False), "float32"),
        ((4.0, 9.0, 8.0), (True, True), "float32"),  # a processor without instructions for less
    ],
)
def test_only_what_proved_itself_is_chosen(
    milliseconds: tuple[float, ...], passed: tuple[bool, bool], chosen: str
) -> None:
    results = {
        "float32": {"milliseconds": milliseconds[0]},
        "bfloat16": {"milliseconds": milliseconds[1], "passed": passed[0]},
        "int8-dynamic": {"milliseconds": milliseconds[2], "passed": passed[1]},
    }
    assert _chosen(results) == chosen
