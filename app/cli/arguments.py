"""What may be said on the command line. Imports nothing heavy: --help and mistakes are answered at once."""

import argparse
from collections.abc import Sequence

from app import __version__
from app.cli.evaluation_arguments import add_evaluate

_DESCRIPTION = "Find photos by what is in them. Without a command the window opens."
_EPILOG = (
    "Exit codes: 0 done, 1 failed (the reason is on stderr), 2 wrong usage, 3 nothing found, 130 interrupted."
)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of this process or of `arguments`; exits with 2 after saying what is wrong with them."""
    parser, search = _parsers()
    options = parser.parse_args(arguments)
    nothing_asked = options.command == "search" and not (" ".join(options.words).strip() or options.image)
    if nothing_asked and options.sort != "unusual":
        search.error('say what to look for, as in: photosift search "a red car"')
    if options.command == "demo" and options.library:
        parser.error("the demonstration has a library of its own: leave --library away")
    return options


def _parsers() -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """The whole parser, and that of `search`."""
    parser = argparse.ArgumentParser(prog="photosift", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"photosift {__version__}")
    parser.add_argument("--library", metavar="PATH", help="folder of the library (default: your own)")
    parser.add_argument("--verbose", action="store_true", help="say on stderr what is being done")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    index = commands.add_parser("index", help="add folders and index their photos, then end")
    index.add_argument("folders", nargs="*", metavar="FOLDER", help="none: bring what is there up to date")
    _add_manners(index)
    index.add_argument(
        "--accept-removals", action="store_true", help="remove photos whose files are gone, however many"
    )
    _add_model_options(index)
    search = commands.add_parser("search", help="print the photos that match, best first")
    search.add_argument("words", nargs="*", metavar="WORDS", help="what to look for")
    search.add_argument("--image", action="append", default=[], metavar="FILE", help="a picture to look for")
    search.add_argument(
        "--unlike", action="append", default=[], metavar="FILE", help="a picture that matches are not like"
    )
    search.add_argument(
        "--sort",
        choices=("relevance", "date", "unusual"),
        default="relevance",
        help="date: the matches, newest first; unusual: without words, photos far from all others first",
    )
    search.add_argument(
        "--more", type=_steps, metavar="N", help="-4 to 4: how many more matches (or fewer) than is set"
    )
    search.add_argument("--limit", type=_positive, default=20, metavar="N", help="how many (default: 20)")
    search.add_argument("--json", action="store_true", help="one JSON object a line")
    _add_model_options(search)
    status = commands.add_parser("status", help="print folders, counts and the model")
    status.add_argument("--json", action="store_true", help="as one JSON object")
    _add_model_commands(commands.add_parser("model", help="list models, download one, choose one"))
    _add_duplicates_options(commands.add_parser("duplicates", help="list copies of photos; deletes nothing"))
    _add_doctor_options(commands.add_parser("doctor", help="examine the library; 1 when something is wrong"))
    export = commands.add_parser("export", help="write what you decided, or embeddings, into a file")
    _add_embedding_options(_add_file_command(export))
    _add_file_command(commands.add_parser("import", help="merge a file of decisions that export wrote"))
    add_evaluate(commands, _positive)
    demo = commands.add_parser("demo", help="open the demonstration: drawn scenes to search")
    demo.add_argument("--where", action="store_true", help="print the folder of its library instead")
    return parser, search


def _add_file_command(
    parser: argparse.ArgumentParser,
) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    decisions = what.add_parser("decisions", help="favourites, stars, flags, labels, albums, saved searches")
    decisions.add_argument("file", metavar="FILE", help="JSON")
    return what


def _add_embedding_options(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    embeddings = what.add_parser("embeddings", help="path, content key, model and vector of each photo")
    embeddings.add_argument(
        "--format",
        choices=("npz", "parquet"),
        help="for numpy (default), or for tables; parquet needs the package's extra of that name",
    )
    embeddings.add_argument("--output", metavar="FILE", help="default: photosift-embeddings.npz, here")
    embeddings.add_argument(
        "--model", metavar="IDENTITY", help="of which model (default: the one that answers searches)"
    )
    embeddings.add_argument(
        "--folder", action="append", default=[], metavar="FOLDER", help="only its photos; can be repeated"
    )
    embeddings.add_argument("--force", action="store_true", help="replace the file if there is one")


def _add_model_commands(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    listing = deeds.add_parser("list", help="what can be had, what is here, what is in use")
    listing.add_argument(
        "--all", action="store_true", help="every model that is known to work, not only the three"
    )
    listing.add_argument("--speed", action="store_true", help="measure how fast each would be here")
    listing.add_argument("--json", action="store_true", help="as one JSON object")
    download = deeds.add_parser("download", help="bring one here and use it; goes on where it broke off")
    download.add_argument("name", metavar="TIER|ID", help="light, standard, best, or an id of the hub")
    stored = deeds.add_parser("stored", help="whose embeddings are in the library, and what they take")
    stored.add_argument("--json", action="store_true", help="as one JSON object")
    delete = deeds.add_parser("delete", help="delete the embeddings of one that is not used")
    delete.add_argument("name", metavar="NAME|IDENTITY", help="as `model stored` prints it")
    use = deeds.add_parser("use", help="use one that is here")
    use.add_argument(
        "name",
        metavar="FOLDER|FILE|TIER|ID",
        help="a checkpoint's folder, an MCIP file, or one downloaded",
    )
    use.add_argument(
        "--patches",
        type=_patches,
        metavar="N",
        help="how many patches a NaFlex model looks at: more see more, and take longer; 256 is usual",
    )


def _add_duplicates_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bursts", action="store_true", help="shots of one moment instead, which are no copies"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a group and line")


def _add_doctor_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mend", action="store_true", help="put right what can be put right")
    parser.add_argument(
        "--restore", action="store_true", help="make a damaged or lost database anew from what can be read"
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def _add_manners(parser: argparse.ArgumentParser) -> None:
    """Whoever types a command waits for it: what the settings say of manners holds for the window."""
    parser.add_argument(
        "--pace",
        choices=("full", "balanced", "gentle"),
        default="full",
        help="how hard to work (default: full)",
    )
    parser.add_argument("--when-idle", action="store_true", help="work only while nobody uses the computer")
    parser.add_argument("--on-mains", action="store_true", help="work only on mains power")


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", metavar="FOLDER", help="folder of a checkpoint, or a hub id in the cache; remembered"
    )
    parser.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), help="where the model runs")


def _patches(text: str) -> int:
    if not text.isdecimal() or not 16 <= int(text) <= 4096:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 16 to 4096")
    return int(text)


def _steps(text: str) -> int:
    if text.lstrip("+-").isdecimal() and -4 <= int(text) <= 4:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from -4 to 4")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)
