"""How facts about a photo read: names, dates, sizes, exposure, place."""

import os
from datetime import datetime

from PySide6.QtCore import QCoreApplication, QDate, QDateTime, QLocale, QTime

from app.domain.companions import Companion, CompanionKind
from app.domain.media import PhotoMetadata
from app.domain.photo import Photo, PhotoState
from app.domain.query import Relevance
from app.ui.decision_wishes import decisions_spoken, decisions_text
from app.ui.wording import printable


def tr(text: str) -> str:
    """Translate a text of this module."""
    return QCoreApplication.translate("PhotoTexts", text)


def file_name(photo: Photo) -> str:
    return printable(os.path.basename(photo.path))


def folder_path(photo: Photo) -> str:
    return printable(os.path.dirname(photo.path))


def date_text(moment: datetime, *, time: bool = True) -> str:
    """In the user's locale, as the clock of the camera showed it."""
    date = QDate(moment.year, moment.month, moment.day)
    locale = QLocale()
    if not time:
        return locale.toString(date, QLocale.FormatType.LongFormat)
    clock = QTime(moment.hour, moment.minute, moment.second)
    return locale.toString(QDateTime(date, clock), "d MMMM yyyy, HH:mm")


def taken_text(photo: Photo) -> str:
    moment = photo.metadata.taken_at if photo.metadata else None
    return date_text(moment) if moment else ""


def size_text(photo: Photo) -> str:
    """Pixels and bytes: "6000 × 4000 · 24 MP · 7.9 MB"."""
    parts = []
    if photo.metadata is not None:
        width, height = photo.metadata.width, photo.metadata.height
        parts.append(f"{width} × {height}")
        megapixels = width * height / 1e6
        if megapixels >= 0.1:
            parts.append(f"{megapixels:.0f} MP" if megapixels >= 10 else f"{megapixels:.1f} MP")
    parts.append(QLocale().formattedDataSize(photo.size, 1, QLocale.DataSizeFormat.DataSizeSIFormat))
    return " · ".join(parts)


def camera_text(metadata: PhotoMetadata) -> str:
    """Make and model; the make once only where the model repeats it."""
    make, model = (metadata.camera_make or "").strip(), (metadata.camera_model or "").strip()
    if make and model.casefold().startswith(make.split()[0].casefold()):
        return model
    return f"{make} {model}".strip()


def exposure_text(metadata: PhotoMetadata) -> str:
    """For example "1/250 s · f/2.8 · ISO 200 · 35 mm"; only what is known."""
    parts = []
    if metadata.exposure_seconds:
        parts.append(_shutter(metadata.exposure_seconds))
    if metadata.f_number:
        parts.append(f"f/{metadata.f_number:g}")
    if metadata.iso:
        parts.append(f"ISO {metadata.iso}")
    if metadata.focal_length_mm:
        parts.append(f"{round(metadata.focal_length_mm, 1):g} mm")
    return " · ".join(parts)


def _shutter(seconds: float) -> str:
    if seconds < 0.3:
        return f"1/{round(1 / seconds)} s"
    return f"{round(seconds, 1):g} s"


def place_text(photo: Photo) -> str:
    """The place in words, and the coordinates as maps take them: "47.37690° N, 8.54170° E"."""
    return "\n".join(filter(None, (photo.place, _coordinates(photo.metadata))))


def _coordinates(metadata: PhotoMetadata | None) -> str:
    if metadata is None or metadata.latitude is None or metadata.longitude is None:
        return ""
    north = "N" if metadata.latitude >= 0 else "S"
    east = "E" if metadata.longitude >= 0 else "W"
    return f"{abs(metadata.latitude):.5f}° {north}, {abs(metadata.longitude):.5f}° {east}"


def companion_text(companion: Companion) -> str:
    """For example "RAW: IMG_0001.CR2"."""
    name = printable(os.path.basename(companion.path))
    kinds = {
        CompanionKind.RAW: tr("RAW: {name}"),
        CompanionKind.FILM: tr("Live Photo film: {name}"),
        CompanionKind.PICTURE: tr("Same shot: {name}"),
    }
    return kinds[companion.kind].format(name=name)


def state_text(photo: Photo) -> str:
    """Why a photo is not all there; empty when it is."""
    if photo.state is PhotoState.PROBLEM:
        return photo.error or tr("This file could not be read.")
    if photo.offline:
        return tr("Its drive is not connected. The photo can be found, but not opened.")
    if photo.state is PhotoState.PENDING:
        return tr("Waiting to be read.")
    if photo.state is PhotoState.MISSING:
        return tr("The file is no longer there.")
    return ""


def tooltip(photo: Photo) -> str:
    """Name, date, what belongs to it, and what is unusual, one a line."""
    companions = map(companion_text, photo.companions)
    decisions = decisions_text(photo.decisions)
    lines = (file_name(photo), taken_text(photo), decisions, *companions, state_text(photo))
    return "\n".join(filter(None, lines))


def spoken(photo: Photo, relevance: Relevance = Relevance.STRONG) -> str:
    """For screen readers: the same facts as one sentence."""
    parts = [file_name(photo), taken_text(photo)]
    if photo.favourite:
        parts.append(tr("favourite"))
    parts.append(decisions_spoken(photo.decisions))
    if relevance is not Relevance.STRONG:
        parts.append(tr("weak match") if relevance is Relevance.WEAK else tr("possible match"))
    parts.extend(map(companion_text, photo.companions))
    parts.append(state_text(photo))
    return ", ".join(filter(None, parts))
