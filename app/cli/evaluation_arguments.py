"""What may be said to `photosift evaluate`. Imports nothing heavy, like `arguments`."""

import argparse
from collections.abc import Callable

_HELP = "measure how well a model finds, on a benchmark's data or your own, next to published figures"


def add_evaluate(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", number: Callable[[str], int]
) -> None:
    """`number` reads one from 1."""
    parser = commands.add_parser("evaluate", help=_HELP)
    kinds = parser.add_subparsers(dest="benchmark", metavar="BENCHMARK", required=True)
    coco = kinds.add_parser("coco", help="COCO, Karpathy's test split: 5,000 pictures of val2014")
    _add_pictures(coco, "the folder val2014")
    _add_captions(coco, "dataset_coco.json")
    flickr = kinds.add_parser("flickr30k", help="Flickr30k, Karpathy's test split: 1,000 pictures")
    _add_pictures(flickr, "the folder of its pictures")
    _add_captions(flickr, "dataset_flickr30k.json, or a .csv or .token file")
    crossmodal = kinds.add_parser("xm3600", help="Crossmodal-3600: 36 languages, each and their mean")
    _add_pictures(crossmodal, "the folder of its pictures")
    _add_captions(crossmodal, "captions.jsonl")
    crossmodal.add_argument("--languages", metavar="CODES", help="only these, as in en,de,ja")
    groups = kinds.add_parser("gpr1200", help="GPR1200: pictures that are looked for by a picture")
    _add_pictures(groups, "the folder of its pictures, named GROUP_NUMBER.jpg")
    folder = kinds.add_parser("folder", help="pictures of yours with captions in a CSV file")
    folder.add_argument("folder", metavar="FOLDER", help="the pictures")
    _add_captions(folder, "CSV with the columns image and caption, a picture in as many lines as you like")
    for kind in kinds.choices.values():
        _add_common(kind, number)


def _add_pictures(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--images", metavar="FOLDER", required=True, help=what)


def _add_captions(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--captions", metavar="FILE", required=True, help=what)


def _add_common(parser: argparse.ArgumentParser, number: Callable[[str], int]) -> None:
    parser.add_argument(
        "--model",
        metavar="FOLDER|FILE|TIER|ID",
        help="the model to measure (default: the one in use); not remembered",
    )
    parser.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), help="where the model runs")
    parser.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16", "float16"),
        help="what it computes in (default: as indexing does); auto is the fastest that proved itself",
    )
    parser.add_argument(
        "--limit", type=number, metavar="N", help="only the first N pictures; not comparable then"
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")
