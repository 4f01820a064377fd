"""GPR1200: pictures that are looked for by a picture (Schall et al., MMM 2022, arXiv 2111.13122)."""

import os
import re

from app.domain.evaluation import Benchmark, BenchmarkImage, LeftOut
from app.errors import EvaluationError
from app.media.formats import is_photo_name
from app.services.evaluation.reading import folder_of, in_part

_PICTURES, _GROUPS = 12_000, 1_200
_NAME = re.compile(r"([^_]+)_.+")


def read_gpr1200(images: str) -> Benchmark:
    """1,200 groups of 10; the group is what the file's name says before its first underscore."""
    folder = folder_of(images, "the pictures of GPR1200")
    found: list[BenchmarkImage] = []
    left_out: list[LeftOut] = []
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if is_photo_name(entry.name) and entry.is_file()]
    for name in sorted(names, key=_by_group):
        path = os.path.join(folder, name)
        match = _NAME.fullmatch(name)
        if match is None:
            left_out.append(LeftOut(name, "Its name names no group: it has no underscore."))
        else:
            found.append(BenchmarkImage(name, path, match[1]))
    if not found:
        raise EvaluationError(
            f"{folder} holds no picture of GPR1200. Name the folder with files such as 0_1.jpg in it:"
            " a group, an underscore and a number."
        )
    groups = {image.group for image in found}
    differs = (
        *in_part(len(found), _PICTURES, "pictures"),
        *in_part(len(groups), _GROUPS, "groups"),
    )
    return Benchmark("gpr1200", "GPR1200", tuple(found), left_out=tuple(left_out), differs=differs)


def _by_group(name: str) -> tuple[int, str]:
    """Numbers as numbers, so that the first pictures are those of whole groups."""
    group = name.partition("_")[0]
    return (int(group) if group.isdecimal() else -1, name)
