"""Writing into sidecars: what is said is there, everything else is as it was."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from app.errors import SidecarError
from app.media.sidecar_writer import Saying, merged, sidecar_path, write_sidecar
from app.media.xmp import RDF, XMP, parse_xmp

_NOON = datetime(2026, 5, 17, 12, 0, tzinfo=UTC)
_OURS = {f"{XMP}Rating", f"{XMP}Label", f"{XMP}MetadataDate"}

_HEAD = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
)
_TAIL = "</rdf:RDF></x:xmpmeta>"
_XMP_NS = 'xmlns:xmp="http://ns.adobe.com/xap/1.0/"'

LIGHTROOM = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
{_HEAD}
  <rdf:Description rdf:about="" {_XMP_NS} xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
    xmp:Rating="2" crs:Exposure2012="+0.35">
   <crs:ToneCurve><rdf:Seq><rdf:li>0, 0</rdf:li><rdf:li>255, 255</rdf:li></rdf:Seq></crs:ToneCurve>
   <!-- a note -->
  </rdf:Description>
{_TAIL}
<?xpacket end="w"?>""".encode()


def say(existing: bytes | None, rating: int | None = None, label: str | None = None) -> bytes:
    content = merged(existing, Saying(rating, label), _NOON)
    assert content is not None
    return content


def test_a_new_sidecar_says_what_it_is_to_say() -> None:
    values = parse_xmp(say(None, 4, "Red"))
    assert (values.rating, values.label, values.modified) == (4, "Red", _NOON)


def test_every_byte_around_a_changed_attribute_stays() -> None:
    content = say(LIGHTROOM, 5)
    before, after = LIGHTROOM.decode(), content.decode()
    assert 'xmp:Rating="5"' in after
    for kept in (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n',
        'crs:Exposure2012="+0.35"',
        "<crs:ToneCurve><rdf:Seq><rdf:li>0, 0</rdf:li><rdf:li>255, 255</rdf:li></rdf:Seq></crs:ToneCurve>\n",
        "<!-- a note -->",
        '\n<?xpacket end="w"?>',
    ):
        assert kept in before
        assert kept in after


@pytest.mark.parametrize(
    "written",
    [
        f'<rdf:Description rdf:about="" {_XMP_NS} xmp:Rating="3" xmp:Label="Red"/>',
        (
            f'<rdf:Description rdf:about="" {_XMP_NS}>'
            "<xmp:Rating>3</xmp:Rating><xmp:Label>Red</xmp:Label></rdf:Description>"
        ),
        (
            f'<rdf:Description rdf:about="" {_XMP_NS} xmp:Rating="1"/>'
            f'<rdf:Description rdf:about="" {_XMP_NS} xmp:Rating="3"/>'
        ),
        '<rdf:Description rdf:about="" xmlns:odd="http://ns.adobe.com/xap/1.0/" odd:Rating="3"/>',
        '<rdf:Description rdf:about="uuid:1" xmlns:dc="http://purl.org/dc/elements/1.1/"/>',
        "",
    ],
)
def test_wherever_a_rating_stands_there_is_one_afterwards(written: str) -> None:
    content = say(f"{_HEAD}{written}{_TAIL}".encode(), 5, "Blue")
    values = parse_xmp(content)
    assert (values.rating, values.label) == (5, "Blue")
    assert content.count(b"Rating") == content.count(b"Rating>") or content.count(b"Rating") == 1


def test_what_is_said_already_leaves_the_file_alone() -> None:
    assert merged(LIGHTROOM, Saying(2, ""), _NOON) is None
    assert merged(say(None, 4, "Red"), Saying(4, "Red"), _NOON) is None


def test_a_label_is_taken_out_and_no_stars_are_written_expressly() -> None:
    values = parse_xmp(say(say(None, 4, "Red"), 0, ""))
    assert (values.rating, values.label) == (0, None)


def test_line_ends_stay_those_of_the_file() -> None:
    content = say(LIGHTROOM.replace(b"\n", b"\r\n"), 5)
    assert content.count(b"\n") == content.count(b"\r\n") > 5


def test_sidecars_in_utf_16_are_understood() -> None:
    text = LIGHTROOM.decode().replace('begin="\ufeff"', 'begin=""')
    content = f'<?xml version="1.0" encoding="UTF-16"?>\n{text}'.encode("utf-16")
    assert parse_xmp(say(content, 5)).rating == 5


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no XML at all",
        LIGHTROOM[:300],
        b"<html><body/></html>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + LIGHTROOM[LIGHTROOM.index(b"<x:xmpmeta") :],
    ],
)
def test_what_is_no_sound_sidecar_is_never_written_to(tmp_path: Path, content: bytes) -> None:
    photo, sidecar = tmp_path / "a.jpg", tmp_path / "a.xmp"
    photo.write_bytes(b"photo")
    sidecar.write_bytes(content)
    with pytest.raises(SidecarError, match="left as it is"):
        write_sidecar(str(photo), Saying(3), _NOON)
    assert sidecar.read_bytes() == content


# -- any sidecar

_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)
_texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"),
    max_size=20,
)
_spaces = st.sampled_from(["", "\n  ", "\n\t", " "])


def _property(name: str, text: str) -> etree._Element:
    element = etree.Element(
        f"{{http://example.org/unknown/}}{name}", nsmap={"u": "http://example.org/unknown/"}
    )
    element.text = text
    return element


@st.composite
def _sidecars(draw: Callable[..., object]) -> bytes:
    """Descriptions with properties nobody knows, some with a rating or a label among them."""
    root = etree.fromstring(f"{_HEAD}{_TAIL}")
    rdf = root[0]
    for _ in range(draw(st.integers(0, 3))):
        nsmap = {"u": "http://example.org/unknown/"} | (
            {"xmp": XMP.strip("{}")} if draw(st.booleans()) else {}
        )
        description = etree.SubElement(rdf, f"{RDF}Description", {f"{RDF}about": ""}, nsmap=nsmap)
        for name, text in draw(st.dictionaries(_names, _texts, max_size=3)).items():
            description.set(f"{{http://example.org/unknown/}}{name}", text)
        for name, text in draw(st.lists(st.tuples(_names, _texts), max_size=3)):
            description.append(_property(name, text))
        if draw(st.booleans()):
            description.set(f"{XMP}Rating", str(draw(st.integers(-1, 5))))
        if draw(st.booleans()):
            label = etree.SubElement(description, f"{XMP}Label")
            label.text = draw(_texts)
        if draw(st.booleans()):
            description.append(etree.Comment(draw(_texts).replace("-", " ")))
        description.tail = draw(_spaces)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=draw(st.booleans()))


def _unknown(content: bytes) -> list[tuple[object, ...]]:
    """Everything in a sidecar but what we write, in its order."""
    found: list[tuple[object, ...]] = []
    for element in etree.fromstring(content).iter():
        if element.tag in _OURS:
            continue
        name = "comment" if element.tag is etree.Comment else element.tag
        attributes = sorted((key, value) for key, value in element.attrib.items() if key not in _OURS)
        if (
            name == f"{RDF}Description"
            and not len(attributes) > 1
            and not any(c.tag not in _OURS for c in element)
        ):
            continue  # one that holds nothing else: ours may be new
        text = element.text if name != f"{RDF}Description" else None
        found.append((name, attributes, text))
    return found


@given(
    _sidecars(), st.none() | st.integers(-1, 5), st.none() | st.sampled_from(["", "Red", "Ärger & <mehr>"])
)
def test_unknown_fields_survive(content: bytes, rating: int | None, label: str | None) -> None:
    written = merged(content, Saying(rating, label), _NOON)
    if written is None:
        return
    assert _unknown(written) == _unknown(content)
    values = parse_xmp(written)
    if rating is not None:
        assert values.rating == rating
    if label:
        assert values.label == label
    assert merged(written, Saying(rating, label), _NOON) is None


# -- files


@pytest.mark.parametrize(
    ("photo", "others", "expected"),
    [
        ("IMG.JPG", [], "IMG.JPG.xmp"),
        ("IMG.CR2", [], "IMG.xmp"),
        ("IMG.JPG", ["IMG.xmp"], "IMG.xmp"),
        ("IMG.JPG", ["img.XMP"], "img.XMP"),
        ("IMG.JPG", ["IMG.xmp", "IMG.JPG.xmp"], "IMG.JPG.xmp"),
        ("IMG.CR2", ["IMG.CR2.xmp"], "IMG.CR2.xmp"),
        ("IMG.JPG", ["IMG2.xmp"], "IMG.JPG.xmp"),
    ],
)
def test_a_sidecar_that_is_there_is_followed(
    tmp_path: Path, photo: str, others: list[str], expected: str
) -> None:
    for name in (photo, *others):
        (tmp_path / name).write_bytes(b"")
    assert sidecar_path(str(tmp_path / photo)) == str(tmp_path / expected)


def test_the_photo_is_never_touched_and_nothing_is_left_lying(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"the photo")
    os.utime(photo, ns=(1, 1))
    mtime_ns = write_sidecar(str(photo), Saying(3, "Red"), _NOON)
    assert (photo.read_bytes(), photo.stat().st_mtime_ns) == (b"the photo", 1)
    assert sorted(os.listdir(tmp_path)) == ["a.jpg", "a.jpg.xmp"]
    assert (tmp_path / "a.jpg.xmp").stat().st_mtime_ns == mtime_ns


def test_there_is_no_sidecar_of_a_photo_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(SidecarError, match="cannot be written"):
        write_sidecar(str(tmp_path / "gone.jpg"), Saying(3), _NOON)
    assert os.listdir(tmp_path) == []


def test_a_write_that_fails_leaves_the_sidecar_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, sidecar = tmp_path / "a.jpg", tmp_path / "a.xmp"
    photo.write_bytes(b"")
    sidecar.write_bytes(LIGHTROOM)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SidecarError, match="No space left"):
        write_sidecar(str(photo), Saying(5), _NOON)
    assert sidecar.read_bytes() == LIGHTROOM
    assert sorted(os.listdir(tmp_path)) == ["a.jpg", "a.xmp"]
