"""What stands beside a photo completes what it says about itself: its sidecar wins, its name fills a gap."""

import dataclasses
from datetime import datetime

from app.domain.media import PhotoMetadata, TakenFrom
from app.media.dates import is_plausible
from app.media.name_dates import date_in_name
from app.media.sidecars import Sidecar


def complete(metadata: PhotoMetadata, path: str, sidecar: Sidecar | None) -> PhotoMetadata:
    """The metadata with its sidecar's values, field by field, and a date from its name if nothing has one."""
    if sidecar is not None:
        metadata = _with_sidecar(metadata, sidecar)
    if metadata.taken_at is None:
        named = date_in_name(path)
        if named is not None:
            metadata = dataclasses.replace(metadata, taken_at=named, taken_from=TakenFrom.NAME)
    return metadata


def _with_sidecar(metadata: PhotoMetadata, sidecar: Sidecar) -> PhotoMetadata:
    written = sidecar.values
    placed = written.latitude is not None and written.longitude is not None
    moment = _better_moment(metadata.taken_at, sidecar)
    return dataclasses.replace(
        metadata,
        title=written.title or metadata.title,
        caption=written.caption or metadata.caption,
        keywords=written.keywords or metadata.keywords,
        rating=metadata.rating if written.rating is None else written.rating,
        label=written.label or metadata.label,
        camera_make=written.camera_make or metadata.camera_make,
        camera_model=written.camera_model or metadata.camera_model,
        lens=written.lens or metadata.lens,
        latitude=written.latitude if placed else metadata.latitude,
        longitude=written.longitude if placed else metadata.longitude,
        taken_at=moment or metadata.taken_at,
        taken_from=TakenFrom.XMP if moment else metadata.taken_from,
        sidecar_size=sidecar.size,
        sidecar_mtime_ns=sidecar.mtime_ns,
    )


def _better_moment(embedded: datetime | None, sidecar: Sidecar) -> datetime | None:
    """The sidecar's date where it says another one, or more, than the photo."""
    written = sidecar.values.taken_at
    if written is None or not is_plausible(written):
        return None
    if embedded is None:
        return written
    ours, theirs = embedded.replace(tzinfo=None, microsecond=0), written.replace(tzinfo=None, microsecond=0)
    if sidecar.values.taken_day_only and ours.date() == theirs.date():
        return None
    if ours == theirs and (embedded.tzinfo is not None or written.tzinfo is None):
        return None  # the same moment, which programs often copy without its offset
    return written
