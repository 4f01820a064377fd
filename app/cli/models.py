"""`photosift model`: list the models that can be had, download one, choose one, delete embeddings."""

import argparse
import dataclasses
import functools
import json
import sys
from typing import Any

from tqdm import tqdm

from app.cli.output import EXIT_OK, printable, say
from app.cli.session import library_paths, named, open_session
from app.domain.download import DownloadPhase, DownloadProgress, ModelOffer
from app.embedding.checkpoint import describe_checkpoint
from app.embedding.imported import is_importable, ready_checkpoint
from app.errors import DownloadError
from app.paths import settings_file
from app.services.downloads import ModelDownloadService
from app.services.model_catalogue import catalogue, hub_id_of, source_of
from app.settings import SettingsStore

_PATIENCE_SECONDS = 0.2  # waits are short, so that Ctrl+C is heard on every system
_GIGABYTE, _MEGABYTE = 1e9, 1e6


def model(options: argparse.Namespace) -> int:
    """Carry out what was asked for."""
    return _DEEDS[options.deed](options)


def _list(options: argparse.Namespace) -> int:
    store = _settings(options)
    checkpoint = store.load().checkpoint
    if options.all:
        return _list_known(in_json=options.json)
    offers = _downloads(store).offers(measured=options.speed)
    if options.json:
        print(json.dumps({"model": checkpoint, "models": [_as_json(offer) for offer in offers]}))
        return EXIT_OK
    for offer in offers:
        _print(offer)
    if checkpoint and not any(offer.in_use for offer in offers):
        print(f"in use:   {printable(checkpoint)}")
    return EXIT_OK


def _print(offer: ModelOffer) -> None:
    described = offer.model
    states = []
    if offer.in_use:
        states.append("in use")
    elif offer.downloaded:
        states.append("downloaded")
    elif offer.partial_bytes:
        states.append(f"{offer.partial_bytes / _GIGABYTE:.2f} GB of it downloaded")
    if offer.recommended:
        states.append("recommended for this machine")
    print(f"{described.tier or '':9} {described.hub_id}, {described.download_bytes / _GIGABYTE:.1f} GB")
    print(f"{'':9} {described.quality}")
    if described.coco_text_to_image is not None:
        found = f"{described.coco_text_to_image:.0f} of 100 photos come first among 5,000 when described"
        print(f"{'':9} {found}")
    if offer.photos_a_minute is not None:
        states.append(f"about {offer.photos_a_minute:.0f} photos a minute")
    if states:
        print(f"{'':9} ({', '.join(states)})")


def _list_known(*, in_json: bool) -> int:
    """Everything that is known to work, with what was published about it."""
    if in_json:
        known = [{**dataclasses.asdict(model), "source": source_of(model)} for model in catalogue()]
        print(json.dumps({"models": known}))
        return EXIT_OK
    for model in catalogue():
        print(model.hub_id or model.name)
        size = f"{model.download_bytes / _GIGABYTE:.1f} GB, {model.gflop_per_image:.0f} GFLOP a photo"
        found = model.coco_text_to_image
        quality = f", {found:.0f} of 100 photos come first when described" if found is not None else ""
        print(f"{'':9} {model.name}: {size}{quality}")
    return EXIT_OK


def _as_json(offer: ModelOffer) -> dict[str, Any]:
    described = offer.model
    return {
        "tier": described.tier,
        "id": described.hub_id,
        "download_bytes": described.download_bytes,
        "partial_bytes": offer.partial_bytes,
        "downloaded": offer.downloaded,
        "in_use": offer.in_use,
        "recommended": offer.recommended,
        "photos_a_minute": offer.photos_a_minute and round(offer.photos_a_minute),
        "coco_text_to_image": described.coco_text_to_image,
        "licence": described.licence,
        "quality": described.quality,
    }


# -- download


def _download(options: argparse.Namespace) -> int:
    downloads = _downloads(_settings(options))
    try:
        with _Bar() as bar:
            downloads.subscribe(bar.show)
            downloads.start(options.name)
            while not downloads.wait(_PATIENCE_SECONDS):
                continue
    finally:
        downloads.close()
    outcome = downloads.progress()
    if outcome.phase is not DownloadPhase.DONE:
        raise DownloadError(outcome.message or "The download was called off.")
    say(f"{outcome.hub_id} is here and will be used")
    return EXIT_OK


class _Bar:
    """A progress bar on a terminal, nothing elsewhere."""

    def __init__(self) -> None:
        self._bar: Any = tqdm(
            total=0, unit="B", unit_scale=True, disable=not sys.stderr.isatty(), file=sys.stderr
        )

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, progress: DownloadProgress) -> None:
        """Called on the download's thread."""
        self._bar.set_description_str(str(progress.phase))
        self._bar.total = progress.total_bytes
        if not self._bar.n:
            self._bar.initial = progress.done_bytes  # what was here before must not count into the speed
        self._bar.n = progress.done_bytes
        self._bar.refresh()


# -- use


def _use(options: argparse.Namespace) -> int:
    hub_id = hub_id_of(options.name)
    name = named(hub_id) or hub_id
    store = _settings(options)
    if options.patches is not None:
        store.save(store.load().model_copy(update={"naflex_patches": options.patches}))
    if is_importable(name):
        say(f"converting {printable(name)}; this takes up to a minute, and once only")
    name = _choose(store, name, store.load().device)
    say(f"{printable(name)} will be used")
    return EXIT_OK


def _settings(options: argparse.Namespace) -> SettingsStore:
    return SettingsStore(settings_file(library_paths(options)))


def _downloads(store: SettingsStore) -> ModelDownloadService:
    """No library is opened for it: one may be in use, or not exist yet."""
    return ModelDownloadService(store, functools.partial(_choose, store))


def _choose(store: SettingsStore, name: str, device: str) -> str:
    """Verify and remember; the next window or command loads it. Raises CheckpointError."""
    name = ready_checkpoint(name)
    describe_checkpoint(name)
    store.save(store.load().model_copy(update={"checkpoint": name, "device": device}))
    return name


# -- embeddings in the library


def _stored(options: argparse.Namespace) -> int:
    with open_session(options, exclusive=False) as services:
        kept = services.kept_models.all()
    if options.json:
        print(json.dumps({"models": [dataclasses.asdict(model) for model in kept]}))
        return EXIT_OK
    for model in kept:
        state = " (answers searches)" if model.answering else " (to answer soon)" if model.coming else ""
        print(f"{printable(model.name)}{state}")
        room = f"{model.library_bytes / _MEGABYTE:,.1f} MB in the library"
        print(f"{'':9} {model.photos:,} photos, {room}, {model.file_bytes / _MEGABYTE:,.1f} MB beside it")
        print(f"{'':9} {model.identity}")
    if not kept:
        say("no model has embedded a photo here yet")
    return EXIT_OK


def _delete(options: argparse.Namespace) -> int:
    with open_session(options, exclusive=True) as services:
        model = services.kept_models.find(options.name)
        services.kept_models.delete(model.identity)
        services.kept_models.give_room_back()
    say(f"the embeddings of {printable(model.name)} are deleted")
    return EXIT_OK


_DEEDS = {"list": _list, "download": _download, "use": _use, "stored": _stored, "delete": _delete}
