"""The models that Photosift knows, read from `resources/models.json`."""

import functools

from pydantic import BaseModel

from app.domain.download import CatalogueModel
from app.paths import resource


class _Catalogue(BaseModel):
    """The file as it is written."""

    sources: dict[str, str]  # where figures are from, by the name that models give
    models: tuple[CatalogueModel, ...]


def catalogue() -> tuple[CatalogueModel, ...]:
    """Every known model, in the file's order: by family, the small ones first."""
    return _catalogue().models


def source_of(model: CatalogueModel) -> str:
    """Where the figures of a model are from."""
    return _catalogue().sources[model.source]


def offered() -> tuple[CatalogueModel, ...]:
    """The models among which a new user chooses, light to best."""
    return tuple(model for model in catalogue() if model.tier is not None)


def hub_id_of(name: str) -> str:
    """The hub id that a tier ("light", "standard", "best") stands for; anything else is one already."""
    return next((model.hub_id for model in offered() if model.tier == name), name)


@functools.cache
def _catalogue() -> _Catalogue:
    return _Catalogue.model_validate_json(resource("models.json").read_bytes())
