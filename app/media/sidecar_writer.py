"""Writes ratings and labels into XMP sidecars; whatever else stands in them stays as it is."""

import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lxml import etree

from app.errors import SidecarError
from app.media.formats import is_raw_name, sidecar_keys
from app.media.xmp import LARGEST_SIDECAR, RDF, XMP

_XMP_NAMESPACE = XMP.strip("{}")
_RATING, _LABEL, _CHANGED = f"{XMP}Rating", f"{XMP}Label", f"{XMP}MetadataDate"
_DESCRIPTION, _ABOUT = f"{RDF}Description", f"{RDF}about"
_NEW = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Photosift">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
""".encode()

Element = Any  # lxml has no types of its own


@dataclass(frozen=True, slots=True)
class Saying:
    """What a sidecar is to say; None leaves it as it is."""

    rating: int | None = None  # 0 is expressly none, -1 rejected
    label: str | None = None  # "" takes it out


def sidecar_path(photo: str) -> str:
    """The sidecar that a photo has, else the one that it would get. Raises OSError.

    A new one has the photo's whole name, "IMG.JPG.xmp": "IMG.xmp" would also be that of IMG.CR2 beside it.
    Raw files alone get "IMG.xmp", because most raw developers look for no other.
    """
    folder, name = os.path.split(photo)
    names = {entry.casefold(): entry for entry in os.listdir(folder)}
    known = next((names[key] for key in sidecar_keys(name) if key in names), None)
    if known is None:
        known = f"{name[: name.rfind('.')]}.xmp" if is_raw_name(name) else f"{name}.xmp"
    return os.path.join(folder, known)


def write_sidecar(photo: str, saying: Saying, when: datetime) -> int:
    """Have a photo's sidecar say so: its mtime_ns. `when` is aware. Raises SidecarError.

    The file is replaced whole or not at all, and the photo is only looked at.
    """
    try:
        mode = os.stat(photo).st_mode  # there is no sidecar of a photo that is not there
        path = os.path.realpath(sidecar_path(photo))
        existing = _read(path)
        content = merged(existing, saying, when)
        if content is not None:
            _replace(path, content, mode, is_new=existing is None)
        return os.stat(path).st_mtime_ns
    except OSError as error:
        raise SidecarError(f"the sidecar of {_shown(photo)} cannot be written: {error.strerror}") from error
    except ValueError as error:
        raise SidecarError(f"the sidecar of {_shown(photo)} is left as it is, because it {error}") from error


def merged(existing: bytes | None, saying: Saying, when: datetime) -> bytes | None:
    """A sidecar's content with the saying in it; None when it says so already. Raises ValueError."""
    content = _NEW if existing is None else existing
    root = _parse(content)
    rdf = root if root.tag == f"{RDF}RDF" else next(root.iter(f"{RDF}RDF"), None)
    if rdf is None:
        raise ValueError("is no XMP")
    changed = False
    if saying.rating is not None and _number(_value(rdf, _RATING)) != saying.rating:
        _set(rdf, _RATING, str(saying.rating))
        changed = True
    if saying.label is not None and (_value(rdf, _LABEL) or "") != saying.label:
        _set(rdf, _LABEL, saying.label or None)
        changed = True
    if not changed:
        return None
    _set(rdf, _CHANGED, when.isoformat(timespec="seconds"))
    return _serialised(root, content)


def _read(path: str) -> bytes | None:
    """None when there is no file. Raises OSError, ValueError."""
    try:
        if os.path.getsize(path) > LARGEST_SIDECAR:
            raise ValueError("is too large")
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _parse(content: bytes) -> Element:
    """The root element. Nothing is fetched and no entity replaced. Raises ValueError."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, strip_cdata=False, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ValueError("is damaged") from error
    if root.getroottree().docinfo.doctype:
        raise ValueError("declares a document type, which XMP has not")
    return root


def _places(rdf: Element, name: str) -> list[tuple[Element, Element | None]]:
    """Where a property stands: a description that has it as attribute, or with the element that it is."""
    places: list[tuple[Element, Element | None]] = []
    for description in rdf.findall(_DESCRIPTION):
        if name in description.attrib:
            places.append((description, None))
        places += [(description, element) for element in description.findall(name)]
    return places


def _value(rdf: Element, name: str) -> str | None:
    for description, element in _places(rdf, name):
        text = description.get(name) if element is None else element.text
        return str(text or "").strip()
    return None


def _set(rdf: Element, name: str, value: str | None) -> None:
    """Write a property where it stands, once; None takes it out."""
    for number, (description, element) in enumerate(_places(rdf, name)):
        if number == 0 and value is not None:
            if element is None:
                description.set(name, value)
            else:
                element.text = value
        elif element is None:
            del description.attrib[name]
        else:
            _take_out(element)
    if value is not None and not _places(rdf, name):
        _description(rdf).set(name, value)


def _take_out(element: Element) -> None:
    """Without the text that follows it."""
    before, parent = element.getprevious(), element.getparent()
    if before is not None:
        before.tail = (before.tail or "") + (element.tail or "")
    else:
        parent.text = (parent.text or "") + (element.tail or "")
    parent.remove(element)


def _description(rdf: Element) -> Element:
    """One where the namespace has its usual prefix; a new one where none has: nothing else is touched."""
    descriptions = rdf.findall(_DESCRIPTION)
    for description in descriptions:
        if any(prefix and uri == _XMP_NAMESPACE for prefix, uri in description.nsmap.items()):
            return description
    about = descriptions[0].get(_ABOUT, "") if descriptions else ""
    new = etree.SubElement(rdf, _DESCRIPTION, {_ABOUT: about}, nsmap={"xmp": _XMP_NAMESPACE})
    new.tail = "\n"
    return new


def _serialised(root: Element, original: bytes) -> bytes:
    """The document again: everything around the root element as it was, and its line ends."""
    info = root.getroottree().docinfo
    body: str = etree.tostring(root, encoding="unicode", with_tail=False)
    if b"\r\n" in original:
        body = body.replace("\n", "\r\n")
    tag = (f"{root.prefix}:" if root.prefix else "") + etree.QName(root).localname
    start = re.search(rb"<" + re.escape(tag.encode()) + rb"[\s>]", original)
    end = original.rfind(f"</{tag}".encode())
    around = original[: start.start()] if start else b""
    if start is None or end < 0 or b"<!--" in around or (info.encoding or "UTF-8").upper() != "UTF-8":
        whole = etree.tostring(root.getroottree(), encoding=info.encoding or "UTF-8", xml_declaration=True)
        return bytes(whole)
    return around + body.encode() + original[original.index(b">", end) + 1 :]


def _replace(path: str, content: bytes, photo_mode: int, *, is_new: bool) -> None:
    folder, name = os.path.split(path)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            mode = stat.S_IMODE(photo_mode) & 0o666
            Path(temporary).chmod(mode | stat.S_IRUSR | stat.S_IWUSR)
        else:
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _shown(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
