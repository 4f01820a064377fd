"""Services that answer from arithmetic: deterministic, thread-safe, as large as a test wants them."""

import colorsys
import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from decision_fakes import FakeDecisionFileService, FakeDecisionService, FakeSidecarService
from duplicate_fakes import FakeDuplicateService
from PIL import Image, ImageDraw, UnidentifiedImageError
from search_fakes import FakeCompletionService, FakeHistoryService

from app.bootstrap import Services
from app.domain.companions import Companion, CompanionKind
from app.domain.decisions import NO_DECISIONS, Decisions
from app.domain.download import DownloadPhase, DownloadProgress, ModelOffer
from app.domain.folder_rules import NO_RULES, FolderRules, RulesPreview
from app.domain.manners import Manners, MannersHere
from app.domain.media import PhotoMetadata
from app.domain.model import KeptModel
from app.domain.photo import Folder, FolderState, FolderStatus, Photo, PhotoState, ProblemFile, Subfolder
from app.domain.precision import PrecisionProof
from app.domain.progress import CancelToken, IndexPhase, IndexProgress
from app.domain.query import QueryImage, SearchQuery, SearchResult, SortOrder
from app.domain.status import LibraryCounts, ModelState, ModelStatus, TrashOutcome
from app.errors import (
    CheckpointError,
    DamagedMediaError,
    FetchError,
    FileAccessError,
    FolderError,
    LibraryError,
)
from app.paths import LibraryPaths
from app.services.model_catalogue import offered
from app.services.query_language import ParsedQuery, parse_query
from app.services.storage import StorageUse
from app.services.tuning import SearchTuning
from app.settings import SettingsStore

_NEWEST = datetime(2025, 6, 30, 18, 0)  # noqa: DTZ001 - cameras know no zone
_COLOURS = 48


class Gate:
    """Lets a test hold a service in the middle of its work and let it go again."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()

    def close(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def pass_through(self, cancel: CancelToken | None = None) -> None:
        """Wait while closed; raises CancelledError when called off meanwhile."""
        while not self._open.wait(0.005):
            if cancel is not None:
                cancel.check()
        if cancel is not None:
            cancel.check()


class Recorder:
    """Remembers every call as (method, arguments), in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def record(self, name: str, *arguments: Any) -> None:
        self.calls.append((name, *arguments))

    def calls_of(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of every call of one method."""
        return [call[1:] for call in list(self.calls) if call[0] == name]


@lru_cache(maxsize=256)
def picture_bytes(number: int, longest: int = 256, picture_format: str = "WEBP") -> bytes:
    """A landscape or portrait in a colour of its own, with a sun and hills, as an encoded file."""
    width, height = (longest, longest * 2 // 3) if number % 3 else (longest * 3 // 4, longest)
    sky = _colour(number / _COLOURS, 0.35, 0.95)
    image = Image.new("RGB", (width, height), sky)
    draw = ImageDraw.Draw(image)
    radius, x = height // 8, width * (1 + number % 5) // 6
    draw.ellipse((x - radius, radius, x + radius, radius * 3), fill=_colour(0.13, 0.4, 1.0))
    draw.polygon(
        [(0, height), (0, height * 3 // 4), (width // 3, height // 2), (width, height)],
        fill=_colour(number / _COLOURS + 0.1, 0.6, 0.6),
    )
    draw.polygon(
        [(0, height), (width * 2 // 3, height * 5 // 8), (width, height * 3 // 4), (width, height)],
        fill=_colour(number / _COLOURS + 0.2, 0.6, 0.4),
    )
    buffer = io.BytesIO()
    image.save(buffer, picture_format, quality=80)
    return buffer.getvalue()


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)


class FakeLibraryService(Recorder):
    """A library of photos 1 to `photo_count`, made when asked for; photo 1 is the newest.

    Tests put ids into `favourites`, `gone`, `problem_ids`, `offline`, `without_thumbnail` and
    `without_preview`, close `photos_gate` or `thumbnails_gate`, or list reasons in `untrashable`.
    """

    def __init__(self, photo_count: int = 200, folder_paths: Sequence[str] = ("/photos",)) -> None:
        super().__init__()
        self.photo_count = photo_count
        self.favourites: set[int] = set()
        self.decided: dict[int, Decisions] = {}
        self.albums: dict[int, list[int]] = {}
        self.gone: set[int] = set()
        self.problem_ids: set[int] = set()
        self.pending_ids: set[int] = set()
        self.offline: set[int] = set()
        self.without_thumbnail: set[int] = set()
        self.without_preview: set[int] = set()
        self.untrashable: dict[int, str] = {}
        self.companion_kinds: dict[int, CompanionKind] = {}
        self.refused_folders: dict[str, str] = {}
        self.folder_states: dict[int, tuple[FolderState, str]] = {}
        self.vanished: dict[int, int] = {}
        self.photos_gate = Gate()
        self.thumbnails_gate = Gate()
        self.previews_gate = Gate()
        self._lock = threading.Lock()
        self._folders = [Folder(n, path) for n, path in enumerate(folder_paths, 1)]
        self._next_folder = len(self._folders) + 1

    # --- what tests arrange and look at

    def photo(self, photo_id: int) -> Photo:
        """The photo with this id as `photos` would return it, without being recorded."""
        problem, pending = photo_id in self.problem_ids, photo_id in self.pending_ids
        state = PhotoState.PROBLEM if problem else PhotoState.PENDING if pending else PhotoState.READY
        return Photo(
            photo_id=photo_id,
            folder_id=self._folder_of(photo_id),
            path=self.path_of(photo_id),
            size=2_000_000 + photo_id % 1000 * 1000,
            mtime_ns=1_700_000_000_000_000_000 + photo_id,
            state=state,
            content_key=None if problem or pending else f"key-{photo_id}",
            metadata=None if problem or pending else _metadata(photo_id),
            favourite=photo_id in self.favourites,
            decisions=self.decided.get(photo_id, NO_DECISIONS),
            error="The file ends too early." if problem else None,
            offline=photo_id in self.offline,
            companions=self._companions_of(photo_id),
        )

    def path_of(self, photo_id: int) -> str:
        """Where the photo would lie."""
        folder = next((f.path for f in self._folders if f.folder_id == self._folder_of(photo_id)), "/removed")
        year = (_NEWEST - timedelta(hours=photo_id)).year
        return f"{folder}/{year}/IMG_{photo_id:07d}.jpg"

    def ids(self) -> np.ndarray:
        """All photos that are there, newest first, int64."""
        ids = np.arange(1, self.photo_count + 1, dtype=np.int64)
        with self._lock:
            gone = np.array(sorted(self.gone), dtype=np.int64)
        return ids[~np.isin(ids, gone)] if len(gone) else ids

    def _companions_of(self, photo_id: int) -> tuple[Companion, ...]:
        kind = self.companion_kinds.get(photo_id)
        if kind is None:
            return ()
        suffix = {CompanionKind.RAW: ".CR2", CompanionKind.FILM: ".MOV", CompanionKind.PICTURE: ".HEIC"}[kind]
        return (Companion(1_000_000 + photo_id, self.path_of(photo_id).replace(".jpg", suffix), kind),)

    def _folder_of(self, photo_id: int) -> int:
        return photo_id % max(1, len(self._folders)) + 1

    # --- app.services.library.LibraryService

    def folders(self) -> tuple[FolderStatus, ...]:
        self.record("folders")
        with self._lock:
            folders = tuple(self._folders)
        count = self.photo_count // max(1, len(folders))
        watching = (FolderState.WATCHING, "")
        states = [self.folder_states.get(f.folder_id, watching) for f in folders]
        return tuple(
            FolderStatus(
                folder,
                state,
                count,
                len(self.pending_ids),
                len(self.problem_ids),
                message,
                self.vanished.get(folder.folder_id, 0),
            )
            for folder, (state, message) in zip(folders, states, strict=True)
        )

    def add_folder(self, path: str) -> Folder:
        self.record("add_folder", path)
        if path in self.refused_folders:
            raise FolderError(self.refused_folders[path])
        with self._lock:
            if any(folder.path == path for folder in self._folders):
                raise FolderError(f"{path} is watched already.")
            folder = Folder(self._next_folder, path)
            self._next_folder += 1
            self._folders.append(folder)
        return folder

    def remove_folder(self, folder_id: int) -> None:
        self.record("remove_folder", folder_id)
        with self._lock:
            self._folders = [folder for folder in self._folders if folder.folder_id != folder_id]

    def subfolders(self, folder_id: int, parent: str = "") -> tuple[Subfolder, ...]:
        self.record("subfolders", folder_id, parent)
        if parent.count("/") >= 1:
            return ()
        names = ("2023", "2024", "2025") if not parent else ("Family", "Holiday")
        base = f"{parent}/" if parent else ""
        return tuple(Subfolder(folder_id, base + name, name, 12, not parent) for name in names)

    def photos(self, photo_ids: Sequence[int]) -> tuple[Photo, ...]:
        self.record("photos", tuple(int(n) for n in photo_ids))
        self.photos_gate.pass_through()
        return tuple(
            self.photo(int(n)) for n in photo_ids if 1 <= n <= self.photo_count and int(n) not in self.gone
        )

    def counts(self) -> LibraryCounts:
        self.record("counts")
        photos = self.photo_count - len(self.gone)
        return LibraryCounts(
            photos=photos,
            favourites=len(self.favourites),
            recent=min(photos, 30),
            problems=len(self.problem_ids),
            pending=len(self.pending_ids),
            embedded=photos - len(self.problem_ids) - len(self.pending_ids),
        )

    def problems(self) -> tuple[ProblemFile, ...]:
        self.record("problems")
        return tuple(
            ProblemFile(n, self.path_of(n), "The file ends too early.") for n in sorted(self.problem_ids)
        )

    def retry_problems(self, photo_ids: Sequence[int] | None = None) -> None:
        self.record("retry_problems", None if photo_ids is None else tuple(photo_ids))
        self.problem_ids -= set(self.problem_ids if photo_ids is None else photo_ids)

    def set_favourite(self, photo_ids: Sequence[int], favourite: bool) -> None:
        self.record("set_favourite", tuple(photo_ids), favourite)
        with self._lock:
            self.favourites = (
                self.favourites | set(photo_ids) if favourite else self.favourites - set(photo_ids)
            )

    def companions(self, photo_ids: Sequence[int]) -> tuple[Companion, ...]:
        self.record("companions", tuple(photo_ids))
        return tuple(one for n in photo_ids for one in self._companions_of(n))

    def move_to_trash(self, photo_ids: Sequence[int]) -> TrashOutcome:
        self.record("move_to_trash", tuple(photo_ids))
        moved = tuple(n for n in photo_ids if n not in self.untrashable)
        with self._lock:
            self.gone = self.gone | set(moved)
        return TrashOutcome(
            moved, tuple((self.path_of(n), self.untrashable[n]) for n in photo_ids if n in self.untrashable)
        )

    def thumbnail(self, photo: Photo) -> bytes | None:
        self.record("thumbnail", photo.photo_id)
        self.thumbnails_gate.pass_through()
        if photo.photo_id in self.without_thumbnail or photo.metadata is None:
            return None
        return picture_bytes(photo.photo_id % _COLOURS)

    def preview(self, photo: Photo) -> bytes:
        self.record("preview", photo.photo_id)
        self.previews_gate.pass_through()
        if photo.photo_id in self.without_preview or photo.offline:
            raise FileAccessError("The drive with this photo is not connected.")
        if photo.metadata is None:
            raise DamagedMediaError("The file ends too early.")
        return picture_bytes(photo.photo_id % _COLOURS, 1600)


def _metadata(photo_id: int) -> PhotoMetadata:
    landscape = bool(photo_id % _COLOURS % 3)
    return PhotoMetadata(
        width=6000 if landscape else 3000,
        height=4000,
        format="JPEG",
        taken_at=_NEWEST - timedelta(hours=photo_id),
        camera_make="Canon",
        camera_model="Canon EOS R6",
        lens="RF24-105mm F4 L IS USM",
        exposure_seconds=1 / 250,
        f_number=2.8,
        iso=200,
        focal_length_mm=35.0,
        latitude=47.3769,
        longitude=8.5417,
    )


class FakeFolderService(Recorder):
    """Rules that leave out a tenth of the photos for every pattern; nothing is ever found elsewhere.

    Tests put folders into `twins` (path -> folder), and reasons into `refused` (pattern or path -> reason).
    """

    def __init__(self, library: FakeLibraryService) -> None:
        super().__init__()
        self._library = library
        self._rules: dict[int, FolderRules] = {}
        self.twins: dict[str, Folder] = {}
        self.refused: dict[str, str] = {}

    def rules(self, folder_id: int) -> FolderRules:
        return self._rules.get(folder_id, NO_RULES)

    def set_rules(self, folder_id: int, rules: FolderRules) -> None:
        self._check(rules)
        self.record("set_rules", folder_id, rules)
        self._rules[folder_id] = rules

    def preview_rules(self, folder_id: int, rules: FolderRules) -> RulesPreview:
        self._check(rules)
        self.record("preview_rules", folder_id, rules)
        photos = self._library.photo_count
        return RulesPreview(photos, min(photos, len(rules.exclude) * photos // 10))

    def remove_vanished(self, folder_id: int | None = None) -> None:
        self.record("remove_vanished", folder_id)
        self._library.folder_states.clear()

    def keep_vanished(self, folder_id: int) -> None:
        self.record("keep_vanished", folder_id)
        self._library.folder_states.clear()

    def offline_twin(self, path: str) -> Folder | None:
        return self.twins.get(path)

    def locate(self, folder_id: int, path: str) -> Folder:
        if path in self.refused:
            raise FolderError(self.refused[path])
        self.record("locate", folder_id, path)
        return Folder(folder_id, path)

    def _check(self, rules: FolderRules) -> None:
        for pattern in (*rules.include, *rules.exclude):
            if pattern in self.refused:
                raise FolderError(self.refused[pattern])


class FakeSearchService(Recorder):
    """Finds the whole library without terms, and a fixed tenth of it, half of it weak, with them."""

    def __init__(self, library: FakeLibraryService | None = None) -> None:
        super().__init__()
        self.library = library or FakeLibraryService()
        self.gate = Gate()
        self.counting = Gate()
        self.counts: dict[str, int] = {}  # by the text; others are not known
        self.semantic = True
        self.unfinished = False
        self.tunings: list[SearchTuning] = []
        self.message = ""
        self.matches: dict[str, Sequence[int]] = {}  # what a text finds, best first, instead of the tenth
        self.error: Exception | None = None

    def understand(self, text: str, *, at_once: bool = False) -> ParsedQuery:
        return parse_query(text, date(2026, 11, 21))

    def tune(self, tuning: SearchTuning) -> None:
        self.tunings.append(tuning)

    def search(self, query: SearchQuery, cancel: CancelToken | None = None) -> SearchResult:
        self.record("search", query)
        self.gate.pass_through(cancel)
        if self.error is not None:
            raise self.error
        candidates = self._filtered(query)
        found = self._found(query, candidates)
        weak_from = (len(found) + 1) // 2 if query.terms else len(found)
        if query.terms and query.sort is SortOrder.DATE:
            found = np.concatenate((np.sort(found[:weak_from]), np.sort(found[weak_from:])))
        shown = found if query.limit is None else found[: query.limit]
        return SearchResult(
            query=query,
            photo_ids=shown,
            scores=np.linspace(0.2, 0.0, len(shown), dtype=np.float32),
            weak_from=min(weak_from, len(shown)),
            total=len(candidates),
            complete=len(shown) == len(found),
            semantic=self.semantic,
            message=self.message,
            lines_key="model:text" if query.terms and self.semantic else "",
            unfinished=self.unfinished,
        )

    def count(self, query: SearchQuery, cancel: CancelToken) -> int | None:
        self.record("count", query)
        self.counting.pass_through(cancel)
        if self.error is not None:
            raise self.error
        text = " ".join(term.text for term in query.terms if term.text)
        return self.counts.get(text)

    def _filtered(self, query: SearchQuery) -> np.ndarray:
        ids = self.library.ids()
        if query.filters.favourites_only:
            ids = ids[np.isin(ids, sorted(self.library.favourites))]
        if query.filters.album_id is not None:
            in_album = self.library.albums.get(query.filters.album_id, [])
            ids = np.array([n for n in in_album if n in ids], dtype=np.int64)
        if query.filters.folder_id is not None:
            folders = max(1, len(self.library._folders))
            ids = ids[ids % folders + 1 == query.filters.folder_id]
        if query.filters.added_since is not None:
            ids = ids[:30]
        return ids

    def _found(self, query: SearchQuery, candidates: np.ndarray) -> np.ndarray:
        if not query.terms:
            return candidates
        text = " ".join(term.text for term in query.terms if term.text)
        if text in self.matches:
            wanted = np.array(self.matches[text], dtype=np.int64)
            return wanted[np.isin(wanted, candidates)]
        seed = sum(map(ord, text)) + sum(term.photo_id or 0 for term in query.terms)
        return candidates[(candidates * 7 + seed) % 10 == 0]

    def open_image(self, data: bytes, name: str = "") -> QueryImage:
        self.record("open_image", len(data), name)
        try:
            with Image.open(io.BytesIO(data)) as image:
                image.verify()
        except (UnidentifiedImageError, OSError, SyntaxError) as error:
            raise DamagedMediaError(f"{name or 'This'} is not a picture.") from error
        return QueryImage(data, name)

    def image_thumbnail(self, image: QueryImage) -> bytes:
        self.record("image_thumbnail", image.name)
        with Image.open(io.BytesIO(image.data)) as picture:
            picture.thumbnail((64, 64))
            buffer = io.BytesIO()
            picture.convert("RGB").save(buffer, "WEBP")
        return buffer.getvalue()


class FakeIndexingService(Recorder):
    """Does nothing until a test calls `report`."""

    def __init__(self) -> None:
        super().__init__()
        self._on_progress: Callable[[IndexProgress], None] | None = None
        self._paused = False
        self.last = IndexProgress(IndexPhase.IDLE)
        self.here = MannersHere()

    def report(self, progress: IndexProgress) -> None:
        """Tell the listener, on a thread of its own as the real service does."""
        self.last = progress
        if self._on_progress is not None:
            thread = threading.Thread(target=self._on_progress, args=(progress,))
            thread.start()
            thread.join()

    def start(self, on_progress: Callable[[IndexProgress], None]) -> None:
        self.record("start")
        self._on_progress = on_progress

    def show_raw_apart(self, apart: bool) -> None:
        self.record("show_raw_apart", apart)

    def pause(self) -> None:
        self.record("pause")
        self._paused = True
        self.report(replace(self.last, phase=IndexPhase.PAUSED))

    def behave(self, manners: Manners, release_after_minutes: int = 0) -> None:
        self.record("behave", manners, release_after_minutes)

    def choices(self) -> MannersHere:
        self.record("choices")
        return self.here

    def resume(self) -> None:
        self.record("resume")
        self._paused = False
        self.report(replace(self.last, phase=IndexPhase.IDLE))

    @property
    def paused(self) -> bool:
        return self._paused

    def rescan(self, folder_id: int | None = None) -> None:
        self.record("rescan", folder_id)

    def wait_until_idle(self, timeout: float | None = None) -> bool:
        self.record("wait_until_idle", timeout)
        return True

    def stop(self) -> None:
        self.record("stop")
        self._on_progress = None


class FakeModelService(Recorder):
    """A model that is in whatever state a test puts it with `become`."""

    def __init__(self, state: ModelState = ModelState.READY) -> None:
        super().__init__()
        name = "" if state is ModelState.NONE else "siglip2-base-patch16-224"
        self._status = ModelStatus(state, name=name, device="cpu" if state is ModelState.READY else "")
        self._listeners: list[Callable[[ModelStatus], None]] = []
        self.refused: dict[str, str] = {}  # checkpoint -> reason
        self.patches_chosen: int | None = None  # of a NaFlex model
        self.wish = "auto"
        self.proof: PrecisionProof | None = None

    def become(self, status: ModelStatus) -> None:
        """Change the status and tell everybody, on a thread of its own as the real service does."""
        self._status = status
        thread = threading.Thread(target=lambda: [listener(status) for listener in list(self._listeners)])
        thread.start()
        thread.join()

    def status(self) -> ModelStatus:
        self.record("status")
        return self._status

    def subscribe(self, listener: Callable[[ModelStatus], None]) -> None:
        self.record("subscribe")
        self._listeners.append(listener)

    def devices(self) -> tuple[tuple[str, str], ...]:
        self.record("devices")
        return (("auto", "Automatic"), ("cpu", "Processor (CPU)"))

    def precision_wish(self) -> str:
        return self.wish

    def precision_proof(self) -> PrecisionProof | None:
        return self.proof

    def use(self, checkpoint: str | None, device: str = "auto", precision: str | None = None) -> str | None:
        self.record("use", checkpoint, device, *([precision] if precision else []))
        self.wish = precision or self.wish
        if checkpoint in self.refused:
            raise CheckpointError(self.refused[checkpoint])
        if checkpoint is None:
            self.become(ModelStatus(ModelState.NONE))
        else:
            self.become(ModelStatus(ModelState.READY, name=Path(checkpoint).name, device="cpu"))
        return checkpoint

    def load(self) -> None:
        self.record("load")

    def patches(self) -> int | None:
        self.record("patches")
        return self.patches_chosen

    def use_patches(self, patches: int) -> None:
        self.record("use_patches", patches)
        self.patches_chosen = patches

    def use_now(self) -> None:
        self.record("use_now")
        self.become(replace(self._status, name=self._status.coming, coming=""))

    def stay(self) -> str | None:
        self.record("stay")
        self.become(replace(self._status, coming=""))
        return self._status.name

    def rest(self) -> None:
        self.record("rest")

    def wake(self) -> None:
        self.record("wake")


class FakeKeptModelService(Recorder):
    """Whose embeddings are here: what a test puts into `models`."""

    def __init__(self) -> None:
        super().__init__()
        self.models: tuple[KeptModel, ...] = ()
        self.refused = ""

    def all(self) -> tuple[KeptModel, ...]:
        self.record("all")
        return self.models

    def delete(self, identity: str) -> None:
        self.record("delete", identity)
        if self.refused:
            raise LibraryError(self.refused)
        self.models = tuple(model for model in self.models if model.identity != identity)


class FakeModelDownloadService(Recorder):
    """Offers the real catalogue; a download goes as far as a test says with `report`."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = tuple(ModelOffer(model) for model in offered())
        self.gate = Gate()  # of the measurement
        self._progress = DownloadProgress()
        self._listeners: list[Callable[[DownloadProgress], None]] = []

    def report(self, phase: DownloadPhase, **fields: Any) -> None:
        """Tell everybody how the download stands, on a thread of its own as the real service does."""
        self._progress = replace(self._progress, phase=phase, **fields)
        thread = threading.Thread(target=lambda: [hear(self._progress) for hear in list(self._listeners)])
        thread.start()
        thread.join()

    @property
    def listening(self) -> int:
        return len(self._listeners)

    def offers(self, *, measured: bool = False) -> tuple[ModelOffer, ...]:
        self.record("offers", measured)
        if not measured:
            return self.shown
        self.gate.pass_through()
        rates = (320.0, 110.0, 9.0)
        return tuple(
            replace(offer, photos_a_minute=rate, recommended=number == 1)
            for number, (offer, rate) in enumerate(zip(self.shown, rates, strict=True))
        )

    def progress(self) -> DownloadProgress:
        return self._progress

    def subscribe(self, listener: Callable[[DownloadProgress], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def start(self, model: str) -> None:
        self.record("start", model)
        self.report(DownloadPhase.CONNECTING, hub_id=model, message="")

    def cancel(self) -> None:
        self.record("cancel")
        self.report(DownloadPhase.CANCELLED)


class FakeStorageService(Recorder):
    """Previews of 800 MB until they are emptied."""

    def __init__(self) -> None:
        super().__init__()
        self.previews = 800_000_000

    def use(self) -> StorageUse:
        self.record("use")
        return StorageUse(self.previews, 2_900_000_000, 1_100_000_000, 310_000_000, 55 * 10**9, 500 * 10**9)

    def empty_previews(self) -> int:
        self.record("empty_previews")
        before, self.previews = self.previews, 0
        return before

    def allow(self, gigabytes: int) -> None:
        self.record("allow", gigabytes)


class FakePictureFetcher(Recorder):
    """A web of the pictures that a test put there."""

    def __init__(self, pictures: dict[str, bytes] | None = None) -> None:
        super().__init__()
        self.pictures = pictures or {}
        self.gate = Gate()

    def fetch(self, url: str, cancel: CancelToken | None = None) -> QueryImage:
        self.record("fetch", url)
        self.gate.pass_through(cancel)
        if url not in self.pictures:
            raise FetchError("There is no picture behind this address.")
        return QueryImage(self.pictures[url], url.rsplit("/", 1)[-1])


def fake_services(root: Path, photo_count: int = 200, **library_options: Any) -> Services:
    """Services around one fake library; settings and paths lie below `root`."""
    library = FakeLibraryService(photo_count, **library_options)
    return Services(
        library=library,  # type: ignore[arg-type]
        folders=FakeFolderService(library),  # type: ignore[arg-type]
        decisions=FakeDecisionService(library),  # type: ignore[arg-type]
        duplicates=FakeDuplicateService(),  # type: ignore[arg-type]
        decision_files=FakeDecisionFileService(),  # type: ignore[arg-type]
        embedding_files=Recorder(),  # type: ignore[arg-type]  # the window has no use for it
        sidecars=FakeSidecarService(),  # type: ignore[arg-type]
        search=FakeSearchService(library),  # type: ignore[arg-type]
        history=FakeHistoryService(),  # type: ignore[arg-type]
        completion=FakeCompletionService(),  # type: ignore[arg-type]
        indexing=FakeIndexingService(),  # type: ignore[arg-type]
        models=FakeModelService(),  # type: ignore[arg-type]
        kept_models=FakeKeptModelService(),  # type: ignore[arg-type]
        downloads=FakeModelDownloadService(),  # type: ignore[arg-type]
        fetcher=FakePictureFetcher(),  # type: ignore[arg-type]
        storage=FakeStorageService(),  # type: ignore[arg-type]
        settings=SettingsStore(root / "settings.json"),
        paths=LibraryPaths(root / "library"),
    )
