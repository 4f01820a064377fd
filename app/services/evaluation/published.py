"""What was published about a checkpoint, and what a difference from it may come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.download import CatalogueModel
from app.domain.evaluation import Measure, Task
from app.domain.media import Framing
from app.embedding.checkpoint import Checkpoint
from app.paths import models_folder
from app.services.model_catalogue import catalogue, source_of

# How far our R@1 on COCO may be from the published one: another decoder, resizer or precision moves a few
# answers. Farther away something is wrong, though the interval, made for other pictures, may still be wider.
_NEAR = {Task.TEXT_TO_IMAGE: 0.7, Task.IMAGE_TO_TEXT: 1.0, Task.IMAGE_TO_IMAGE: 0.7}
_NOT_LOWER_CASED = (2.0, 4.5)  # points below: 49.9 instead of 52.9 for So400m (see families.py)
_NEARLY_NOTHING = 5.0


@dataclass(frozen=True, slots=True)
class Published:
    """The figures of one model for one benchmark: R@1 and mAP, in percent."""

    model: CatalogueModel
    figures: Mapping[Task, float]

    @property
    def source(self) -> str:
        return source_of(self.model)


def published_figures(checkpoint: Checkpoint, benchmark: str) -> Published | None:
    """None where nothing is known: of another benchmark, of a model of one's own."""
    model = next((each for each in catalogue() if _is(checkpoint, each)), None)
    if model is None:
        return None
    known = {
        "coco": {
            Task.TEXT_TO_IMAGE: model.coco_text_to_image,
            Task.IMAGE_TO_TEXT: model.coco_image_to_text,
        },
        "xm3600": {Task.TEXT_TO_IMAGE: model.crossmodal_text_to_image},
        "gpr1200": {Task.IMAGE_TO_IMAGE: model.gpr1200_image_to_image},
    }.get(benchmark, {})
    figures = {task: figure for task, figure in known.items() if figure is not None}
    return Published(model, figures) if figures else None


def hints(measures: Sequence[Measure], *, texts: bool) -> tuple[str, ...]:
    """What to look at when a figure is not the published one; `texts`: words were part of it."""
    compared = [each for each in measures if each.difference is not None]
    far = [each for each in compared if abs(each.difference or 0.0) > _NEAR[each.task]]
    if not far:
        return ()
    worst = min(far, key=lambda each: each.difference or 0.0)
    return (_guess(worst, texts=texts),)


def _guess(worst: Measure, *, texts: bool) -> str:
    below = -(worst.difference or 0.0)
    if worst.value < _NEARLY_NOTHING and below > _NEARLY_NOTHING:
        if texts:
            return "Nearly nothing is found: texts may be padded or masked otherwise than in training."
        return "Nearly nothing is found: the groups may not be those of the pictures."
    if texts and _NOT_LOWER_CASED[0] <= below <= _NOT_LOWER_CASED[1]:
        return "About three points below what was published: texts may not be lower-cased."
    if below < 0:
        return f"{-below:.1f} points above what was published: are these the same pictures and captions?"
    return (
        f"{below:.1f} points below what was published: look at the resizing filter, the colours and the"
        " precision, and whether these are the same pictures and captions."
    )


def _is(checkpoint: Checkpoint, model: CatalogueModel) -> bool:
    """By name, and it must look at pictures as the published one does.

    What was converted from an MCIP file has no name of its own: it is known by its place and its sizes.
    """
    spec = checkpoint.spec
    pixels = spec.pixel_spec
    naflex = pixels.framing is Framing.NAFLEX
    looks_alike = pixels.max_patches == model.tokens if naflex else pixels.height == model.side
    if spec.dim != model.dim or not looks_alike:
        return False
    if not model.hub_id:
        return checkpoint.folder.parent == models_folder()
    return spec.checkpoint in (model.hub_id, model.hub_id.partition("/")[2])
