"""The fakes answer to the same calls as the services they stand for."""

import inspect

import fakes
import pytest

from app.services.decision_files import DecisionFileService
from app.services.decisions import DecisionService
from app.services.downloads import ModelDownloadService
from app.services.duplicates import DuplicateService
from app.services.fetch import PictureFetcher
from app.services.folders import FolderService
from app.services.indexing import IndexingService
from app.services.kept_models import KeptModelService
from app.services.library import LibraryService
from app.services.models import ModelService
from app.services.search import SearchService
from app.services.sidecars import SidecarService

_NOT_FOR_THE_WINDOW = {
    "target",
    "identity",
    "close",
    "wait",
    "mend_index",
    "trouble",
    "finish",
    "forget_texts",  # asked for by the history
    "targets",
    "busy",
    "in_use",
    "held",
    "take_over",
    "change",  # of KeptModelService: the window hears of it with the progress
    "find",
    "give_room_back",
}  # what services and bootstrap tell each other


def _public(cls: type) -> dict[str, inspect.Signature | None]:
    members = {name: member for name, member in vars(cls).items() if not name.startswith("_")}
    return {name: inspect.signature(m) if callable(m) else None for name, m in members.items()}


@pytest.mark.parametrize(
    "service",
    [
        LibraryService,
        FolderService,
        SearchService,
        IndexingService,
        ModelService,
        KeptModelService,
        ModelDownloadService,
        PictureFetcher,
        DecisionService,
        DecisionFileService,
        DuplicateService,
        SidecarService,
    ],
)
def test_fakes_have_the_methods_of_the_services(service: type) -> None:
    fake = _public(getattr(fakes, f"Fake{service.__name__}"))
    for name, signature in _public(service).items():
        if name in _NOT_FOR_THE_WINDOW:
            continue
        assert name in fake, f"{service.__name__}.{name} is missing in its fake"
        assert fake[name] == signature


def test_a_million_photos_cost_nothing_until_asked_for() -> None:
    library = fakes.FakeLibraryService(1_000_000)

    assert library.photos([1, 999_999, 1_000_001])[1].photo_id == 999_999
    assert len(library.ids()) == 1_000_000
