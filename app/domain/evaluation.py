"""A retrieval benchmark, and what a model achieved on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Task(StrEnum):
    """What is looked for, and by what."""

    TEXT_TO_IMAGE = "text_to_image"
    IMAGE_TO_TEXT = "image_to_text"
    IMAGE_TO_IMAGE = "image_to_image"


@dataclass(frozen=True, slots=True)
class BenchmarkImage:
    """A picture of a benchmark."""

    name: str  # as the benchmark calls it
    path: str
    group: str = ""  # pictures of one group belong together, where pictures are looked for by a picture


@dataclass(frozen=True, slots=True)
class BenchmarkCaption:
    """A sentence about one picture."""

    image: int  # its place among the benchmark's pictures
    text: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What took no part, and why, for people."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Pictures and the questions that are asked of them."""

    name: str  # "coco", "flickr30k", "xm3600", "gpr1200", "folder"
    title: str
    images: tuple[BenchmarkImage, ...]
    captions: Mapping[str, tuple[BenchmarkCaption, ...]] = field(default_factory=dict)  # by language
    left_out: tuple[LeftOut, ...] = ()  # found while reading the files
    differs: tuple[str, ...] = ()  # how it is not the benchmark that figures were published for


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure, in percent, with the bounds of its 95 % interval."""

    task: Task
    at: int | None  # R@K; None: mAP
    value: float
    low: float
    high: float
    language: str = ""  # "mean" over all of them; "" where there is one only
    variant: str = ""  # of the definition, where there are several
    published: float | None = None

    @property
    def difference(self) -> float | None:
        """How far above what was published."""
        return None if self.published is None else self.value - self.published

    @property
    def agrees(self) -> bool | None:
        """Whether what was published lies within the interval."""
        return None if self.published is None else self.low <= self.published <= self.high


@dataclass(frozen=True, slots=True)
class EvaluatedModel:
    """What was measured."""

    checkpoint: str
    identity: str
    runtime: str
    precision: str
    device: str
    note: str = ""  # why it does not run where or how it was asked to


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What a model achieved on a benchmark."""

    benchmark: str
    title: str
    model: EvaluatedModel
    images: int  # that took part
    captions: int
    measures: tuple[Measure, ...]
    left_out: tuple[LeftOut, ...] = ()
    differs: tuple[str, ...] = ()  # why the figures cannot be compared with published ones
    source: str = ""  # of the published figures
    hints: tuple[str, ...] = ()  # what a difference from the published figures may come from
