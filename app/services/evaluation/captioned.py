"""Benchmarks of pictures with captions: COCO, Flickr30k, Crossmodal-3600, and any folder with a CSV file."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from app.domain.evaluation import Benchmark, BenchmarkCaption, BenchmarkImage, LeftOut
from app.errors import EvaluationError
from app.services.evaluation.reading import (
    folder_of,
    in_part,
    missing_fields,
    picture_in,
    read_json,
    read_json_lines,
    read_table,
    read_text,
    without_text,
)

ONE_LANGUAGE = ""

_SPLIT = "test"
_COCO = (5_000, 25_010)  # pictures and captions of the test split (Karpathy and Fei-Fei, CVPR 2015)
_FLICKR = (1_000, 5_000)
_CROSSMODAL = 3_600  # pictures (Thapliyal et al., EMNLP 2022, arXiv 2205.12522)
CROSSMODAL_LANGUAGES = (
    *("ar", "bn", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fil", "fr"),
    *("he", "hi", "hr", "hu", "id", "it", "ja", "ko", "mi", "nl", "no", "pl"),
    *("pt", "quz", "ro", "ru", "sv", "sw", "te", "th", "tr", "uk", "vi", "zh"),
)
_TOKEN_LINE = re.compile(r"(.+)#\d+\t(.*)")


class _Collector:
    """Puts pictures and captions together in the order they come; a picture is known by its path."""

    def __init__(self) -> None:
        self.images: list[BenchmarkImage] = []
        self.captions: dict[str, list[BenchmarkCaption]] = {}
        self.left_out: list[LeftOut] = []
        self._places: dict[str, int] = {}

    def add(self, name: str, path: str, texts: Iterable[str], language: str = ONE_LANGUAGE) -> None:
        """Captions without a word are left out."""
        place = self._places.setdefault(path, len(self.images))
        if place == len(self.images):
            self.images.append(BenchmarkImage(name, path))
        captions = self.captions.setdefault(language, [])
        for text in texts:
            if text.strip():
                captions.append(BenchmarkCaption(place, text.strip()))
            else:
                self.left_out.append(without_text(name))

    def benchmark(self, name: str, title: str, differs: Sequence[str] = ()) -> Benchmark:
        captions = {language: tuple(each) for language, each in self.captions.items()}
        return Benchmark(name, title, tuple(self.images), captions, tuple(self.left_out), tuple(differs))

    def differs(self, expected: tuple[int, int]) -> tuple[str, ...]:
        """Whether pictures and captions are as many as they should be."""
        captions = sum(map(len, self.captions.values()))
        return (
            *in_part(len(self.images), expected[0], "pictures"),
            *in_part(captions, expected[1], "captions"),
        )


def read_coco(images: str, captions: str) -> Benchmark:
    """Karpathy's test split of COCO: `images` is the folder val2014, `captions` his dataset_coco.json."""
    collected = _Collector()
    _read_karpathy(collected, folder_of(images, "the pictures of val2014"), Path(captions))
    return collected.benchmark("coco", "COCO, Karpathy's test split", collected.differs(_COCO))


def read_flickr30k(images: str, captions: str) -> Benchmark:
    """Karpathy's test split of Flickr30k.

    `captions` is his dataset_flickr30k.json; a CSV file with the columns filename and raw (a JSON list of
    captions), and split where it holds more than the test; or the .token file of the whole data set.
    """
    folder, file = folder_of(images, "the pictures of Flickr30k"), Path(captions)
    collected = _Collector()
    if file.suffix.lower() == ".csv":
        _read_raw_table(collected, folder, file)
    elif file.suffix.lower() == ".token":
        _read_token_file(collected, folder, file)
    else:
        _read_karpathy(collected, folder, file)
    return collected.benchmark("flickr30k", "Flickr30k, Karpathy's test split", collected.differs(_FLICKR))


def read_crossmodal(images: str, captions: str, languages: Sequence[str] = ()) -> Benchmark:
    """Crossmodal-3600: `captions` is its captions.jsonl, `images` the folder of <key>.jpg."""
    folder, file = folder_of(images, "the pictures of Crossmodal-3600"), Path(captions)
    unknown = sorted(set(languages) - set(CROSSMODAL_LANGUAGES))
    if unknown:
        raise EvaluationError(
            f"Crossmodal-3600 has no captions in {', '.join(unknown)}."
            f" It has {', '.join(CROSSMODAL_LANGUAGES)}."
        )
    wanted = tuple(language for language in CROSSMODAL_LANGUAGES if not languages or language in languages)
    collected = _Collector()
    for entry in read_json_lines(file):
        _add_crossmodal(collected, folder, file, entry, wanted)
    there = [language for language in wanted if collected.captions.get(language)]
    if not there:
        raise missing_fields(file, "captions.jsonl of Crossmodal-3600")
    differs = (
        *in_part(len(collected.images), _CROSSMODAL, "pictures"),
        *in_part(len(there), len(CROSSMODAL_LANGUAGES), "languages"),
    )
    return collected.benchmark("xm3600", "Crossmodal-3600", differs)


def read_folder(folder: str, captions: str) -> Benchmark:
    """Pictures of a folder, with a CSV file of the columns image (a path in the folder) and caption."""
    root, file = folder_of(folder, "the pictures"), Path(captions)
    collected = _Collector()
    for row in read_table(file, ("image", "caption")):
        name = row["image"].strip()
        if name:
            collected.add(name, picture_in(root, name), [row["caption"]])
        else:
            collected.left_out.append(LeftOut(row["caption"], "This caption names no picture."))
    if not collected.images:
        raise EvaluationError(f"{file} names no picture. Each line is to hold a picture and a caption.")
    return collected.benchmark("folder", f"Pictures and captions of {root.name}")


def _read_karpathy(collected: _Collector, folder: Path, file: Path) -> None:
    content = read_json(file)
    try:
        for image in content["images"]:
            if image["split"] == _SPLIT:
                name = str(image["filename"])
                above = f"{image['filepath']}/{name}" if image.get("filepath") else name
                texts = [str(sentence["raw"]) for sentence in image["sentences"]]
                collected.add(name, picture_in(folder, name, above), texts)
    except (TypeError, KeyError, AttributeError) as error:
        raise missing_fields(file, "a file of Karpathy's splits") from error
    if not collected.images:
        raise EvaluationError(
            f"{file} has no picture in its {_SPLIT} split. Take the file of Karpathy's splits."
        )


def _read_raw_table(collected: _Collector, folder: Path, file: Path) -> None:
    for row in read_table(file, ("filename", "raw")):
        if row.get("split", _SPLIT).strip() == _SPLIT:
            texts = _json_texts(row["raw"])
            if texts is None:
                raise missing_fields(file, "a table of Flickr30k (its column raw is a JSON list of captions)")
            collected.add(row["filename"], picture_in(folder, row["filename"]), texts)
    if not collected.images:
        raise EvaluationError(f"{file} has no picture in its {_SPLIT} split.")


def _json_texts(text: str) -> list[str] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return [str(each) for each in value] if isinstance(value, list) else None


def _read_token_file(collected: _Collector, folder: Path, file: Path) -> None:
    for name, text in _token_lines(file):
        collected.add(name, picture_in(folder, name), [text])
    if not collected.images:
        raise missing_fields(file, "a .token file of Flickr30k")


def _token_lines(file: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(read_text(file).split("\n"), start=1):
        if not line.strip():
            continue
        match = _TOKEN_LINE.fullmatch(line.rstrip("\r"))
        if match is None:
            raise EvaluationError(
                f"{file}, line {number}: this is not a picture, # and number, tab, caption."
            )
        yield match[1], match[2]


def _add_crossmodal(
    collected: _Collector, folder: Path, file: Path, entry: dict[str, Any], languages: Sequence[str]
) -> None:
    try:
        key = str(entry["image/key"])
        path = picture_in(folder, f"{key}.jpg", key)
        for language in languages:
            if language in entry:
                collected.add(key, path, [str(text) for text in entry[language]["caption"]], language)
    except (KeyError, TypeError) as error:
        raise missing_fields(file, "captions.jsonl of Crossmodal-3600") from error
