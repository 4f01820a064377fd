"""The models that Photosift knows, read from `resources/models.json`."""

import functools

from pydantic import BaseModel

from app.domain.download import CatalogueModel
from app.paths import resource


class _Catalogue(BaseModel):
    """The file as it is written."""

    source: str  # of the published figures
    models: tuple[CatalogueModel, ...]


@functools.cache
def catalogue() -> tuple[CatalogueModel, ...]:
    """Every known model, in the file's order: the small ones first."""
    return _Catalogue.model_validate_json(resource("models.json").read_bytes()).models


def offered() -> tuple[CatalogueModel, ...]:
    """The models among which a new user chooses, light to best."""
    return tuple(model for model in catalogue() if model.tier is not None)


def hub_id_of(name: str) -> str:
    """The hub id that a tier ("light", "standard", "best") stands for; anything else is one already."""
    return next((model.hub_id for model in offered() if model.tier == name), name)
