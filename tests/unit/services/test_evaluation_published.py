"""Which published figures stand beside a report, and what a difference is put down to."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.evaluation import Measure, Task
from app.domain.media import Framing, PixelSpec
from app.domain.model import ModelSpec
from app.embedding.checkpoint import Checkpoint
from app.embedding.preprocessor import Normalisation
from app.paths import models_folder
from app.services.evaluation.published import hints, published_figures

_SQUARE = PixelSpec(Framing.SQUASH, height=224, width=224, resample=2)


def checkpoint(
    name: str, *, pixels: PixelSpec = _SQUARE, dim: int = 768, folder: Path = Path("/models")
) -> Checkpoint:
    spec = ModelSpec(name, "0" * 16, "pil-2", "siglip", dim, pixels, logit_scale=100.0, logit_bias=-10.0)
    return Checkpoint(folder / name, spec, Normalisation(1 / 255, (0.5,) * 3, (0.5,) * 3), 64)


@pytest.mark.parametrize("name", ["google/siglip2-base-patch16-224", "siglip2-base-patch16-224"])
def test_a_checkpoint_is_known_by_its_hub_id_or_its_folders_name(name: str) -> None:
    published = published_figures(checkpoint(name), "coco")
    assert published is not None
    assert dict(published.figures) == {Task.TEXT_TO_IMAGE: 52.1, Task.IMAGE_TO_TEXT: 68.9}
    assert "2502.14786" in published.source


@pytest.mark.parametrize(
    "other",
    [
        checkpoint("siglip2-base-patch16-224", dim=1024),
        checkpoint("siglip2-base-patch16-224", pixels=replace(_SQUARE, height=256, width=256)),
        checkpoint("a-model-of-mine"),
    ],
)
def test_another_model_of_that_name_has_no_published_figures(other: Checkpoint) -> None:
    assert published_figures(other, "coco") is None


def test_each_benchmark_has_its_own_figures() -> None:
    known = checkpoint("google/siglip2-base-patch16-224")
    crossmodal = published_figures(known, "xm3600")
    assert crossmodal is not None
    assert dict(crossmodal.figures) == {Task.TEXT_TO_IMAGE: 40.3}
    assert published_figures(known, "gpr1200") is None
    assert published_figures(known, "folder") is None


@pytest.mark.parametrize(("patches", "known"), [(256, True), (1024, False)])
def test_naflex_is_compared_at_the_patches_it_was_published_with(patches: int, known: bool) -> None:
    pixels = PixelSpec(Framing.NAFLEX, 0, 0, 2, max_patches=patches)
    found = published_figures(checkpoint("google/siglip2-base-patch16-naflex", pixels=pixels), "coco")
    assert (found is not None) is known


def test_a_converted_mcip_file_is_known_by_its_place() -> None:
    pixels = replace(_SQUARE, height=384, width=384)
    converted = checkpoint("mine-0123456789ab", pixels=pixels, dim=1152, folder=models_folder())
    published = published_figures(converted, "gpr1200")
    assert published is not None
    assert dict(published.figures) == {Task.IMAGE_TO_IMAGE: 89.0}


def measured(value: float, published: float, task: Task = Task.TEXT_TO_IMAGE) -> Measure:
    return Measure(task, 1, value, value - 1, value + 1, published=published)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (49.1, "lower-cased"),
        (0.4, "padded"),
        (50.9, "resizing filter"),
        (55.0, "above"),
        (51.9, None),
        (52.6, None),
    ],
)
def test_a_difference_says_where_to_look(value: float, said: str | None) -> None:
    found = hints([measured(value, 52.1)], texts=True)
    assert len(found) == (said is not None)
    assert said is None or said in found[0]


def test_words_are_not_blamed_where_there_are_none() -> None:
    (found,) = hints([measured(75.0, 78.2, Task.IMAGE_TO_IMAGE)], texts=False)
    assert "lower-cased" not in found


def test_what_was_published_agrees_within_the_interval() -> None:
    assert measured(52.0, 52.1).agrees is True
    assert measured(50.0, 52.1).agrees is False
    assert measured(52.5, 52.1).difference == pytest.approx(0.4)
    assert Measure(Task.TEXT_TO_IMAGE, 1, 50, 49, 51).agrees is None
