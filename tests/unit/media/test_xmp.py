"""XMP packets and sidecars: what good ones say, and that hostile ones are harmless."""

import os
from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.media import sidecars
from app.media.sidecars import find_sidecar, read_sidecar
from app.media.xmp import XmpValues, parse_xmp, rating_of_percent

NAMESPACES = """xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmlns:digiKam="http://www.digikam.org/ns/1.0/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" """


def packet(attributes="", elements=""):
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {NAMESPACES}>'
        f'<rdf:Description rdf:about="" {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
    )


def items(tag, kind, *words):
    listed = "".join(f"<rdf:li>{word}</rdf:li>" for word in words)
    return f"<{tag}><rdf:{kind}>{listed}</rdf:{kind}></{tag}>"


def test_a_full_packet_says_everything():
    found = parse_xmp(
        packet(
            'xmp:Rating="4" xmp:Label="Red" tiff:Make="Canon" tiff:Model="EOS R5" aux:Lens="RF 50" '
            'exif:GPSLatitude="33,51.4S" exif:GPSLongitude="151,12,54E" '
            'exif:DateTimeOriginal="2019-07-04T15:30:12+02:00" xmp:MetadataDate="2020-01-02T03:04:05Z"',
            '<dc:title><rdf:Alt><rdf:li xml:lang="de">Hund</rdf:li>'
            '<rdf:li xml:lang="x-default">Dog</rdf:li></rdf:Alt></dc:title>'
            + items("dc:description", "Alt", "On the beach")
            + items("dc:subject", "Bag", "dog", "Rome")
            + items("lr:hierarchicalSubject", "Bag", "Places|Italy|Rome"),
        )
    )
    assert (found.title, found.caption) == ("Dog", "On the beach")
    assert (found.rating, found.label) == (4, "Red")
    assert found.subjects == ("dog", "Rome")
    assert found.hierarchies == (("Places", "Italy", "Rome"),)
    assert found.keywords == ("dog", "Rome", "Places", "Italy")
    assert found.taken_at == datetime(2019, 7, 4, 15, 30, 12, tzinfo=timezone(timedelta(hours=2)))
    assert found.modified == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (found.camera_make, found.camera_model, found.lens) == ("Canon", "EOS R5", "RF 50")
    assert found.latitude == pytest.approx(-33.85667, abs=1e-4)
    assert found.longitude == pytest.approx(151.215, abs=1e-4)


@pytest.mark.parametrize(
    ("attributes", "elements", "rating"),
    [
        ('xmp:Rating="-1"', "", -1),
        ("", "<xmp:Rating>3</xmp:Rating>", 3),
        ('xmp:Rating="2.0"', "", 2),
        ('xmp:Rating="0"', "", 0),
        ('xmp:Rating="9"', "", None),
        ('xmp:Rating="many"', "", None),
        ('xmp:Rating="nan"', "", None),
        ('MicrosoftPhoto:Rating="75"', "", 4),
        ('xmp:Rating="1" MicrosoftPhoto:Rating="99"', "", 1),
    ],
)
def test_ratings_are_read_as_programs_write_them(attributes, elements, rating):
    assert parse_xmp(packet(attributes, elements)).rating == rating


def test_windows_percentages_are_stars():
    assert [rating_of_percent(p) for p in (0, 1, 25, 50, 75, 99, 100, 400)] == [0, 1, 2, 3, 4, 5, 5, None]


def test_digikams_tags_are_hierarchies():
    found = parse_xmp(packet(elements=items("digiKam:TagsList", "Seq", "Animals/Dog")))
    assert found.keywords == ("Animals", "Dog")


def test_what_stands_in_a_history_is_not_the_photos_own():
    entry = '<rdf:li><rdf:Description xmp:Rating="5" xmp:Label="Old"/></rdf:li>'
    inner = f"<xmpMM:History><rdf:Seq>{entry}</rdf:Seq></xmpMM:History>"
    found = parse_xmp(packet('xmp:Rating="2"', inner))
    assert (found.rating, found.label) == (2, None)


@pytest.mark.parametrize(
    ("text", "moment", "day_only"),
    [
        ("2019-07-04T15:30", datetime(2019, 7, 4, 15, 30), False),  # noqa: DTZ001
        ("2019:07:04 15:30:12", datetime(2019, 7, 4, 15, 30, 12), False),  # noqa: DTZ001
        ("2019-07-04", datetime(2019, 7, 4), True),  # noqa: DTZ001
        ("2019-07-04T15:30:12Z", datetime(2019, 7, 4, 15, 30, 12, tzinfo=UTC), False),
        ("2019-07", None, False),
        ("yesterday", None, False),
    ],
)
def test_moments_are_read_as_programs_write_them(text, moment, day_only):
    found = parse_xmp(packet(f'photoshop:DateCreated="{text}"'))
    assert (found.taken_at, found.taken_day_only) == (moment, day_only)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_packets_are_read_in_the_encodings_that_occur(encoding):
    text = "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>" + packet('xmp:Label="Größe"')
    assert parse_xmp(text.encode(encoding)).label == "Größe"


def _bomb():
    entities = '<!ENTITY a0 "lol">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f"<!DOCTYPE x [{entities}]>" + packet("", "<xmp:Label>&a9;</xmp:Label>")


@pytest.mark.parametrize(
    "hostile",
    [
        _bomb(),
        packet("", "<xmp:Label>&a9;</xmp:Label>"),
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + packet('xmp:Label="x"'),
        packet('xmp:Label="x"')[:-20],
        packet('xmp:Label="x"') + " " * 1_000_001,
        packet('xmp:Label="\0"'),
        "<rdf:RDF>" * 100_000,
        "<html/>",
        "",
        None,
    ],
    ids=range(10),
)
def test_hostile_or_broken_packets_say_nothing(hostile):
    assert parse_xmp(hostile) == XmpValues()


def test_deep_nesting_is_survived():
    deep = "<xmp:a>" * 40_000 + "</xmp:a>" * 40_000
    assert parse_xmp(packet('xmp:Label="x"', deep)).label == "x"


@pytest.mark.parametrize("name", ["IMG_1.xmp", "IMG_1.JPG.xmp", "img_1.jpg.XMP", "img_1.XMP"])
@pytest.mark.parametrize("age", [0, 100], ids=["fresh", "settled"])
def test_a_sidecar_is_found_whatever_its_case(tmp_path, name, age, monkeypatch):
    (tmp_path / name).write_text(packet('xmp:Rating="3"'))
    (tmp_path / "other.xmp").write_text(packet('xmp:Rating="1"'))
    photo = str(tmp_path / ("img_1.jpg" if age == 0 and name.startswith("img") else "IMG_1.JPG"))
    _age(tmp_path, age)
    found = find_sidecar(photo)
    assert found == str(tmp_path / name)
    assert read_sidecar(found).values.rating == 3


def test_a_sidecar_that_names_the_file_whole_goes_before_one_of_its_stem(tmp_path):
    for name in ("IMG_1.xmp", "IMG_1.jpg.xmp"):
        (tmp_path / name).write_text(packet())
    _age(tmp_path, 100)
    assert find_sidecar(str(tmp_path / "IMG_1.jpg")) == str(tmp_path / "IMG_1.jpg.xmp")


def test_a_sidecar_that_comes_or_goes_is_noticed(tmp_path):
    photo, sidecar = str(tmp_path / "a.jpg"), tmp_path / "a.xmp"
    _age(tmp_path, 100)
    assert find_sidecar(photo) is None
    sidecar.write_text(packet())
    assert find_sidecar(photo) == str(sidecar)
    _age(tmp_path, 50)
    assert find_sidecar(photo) == str(sidecar)
    sidecar.unlink()
    assert find_sidecar(photo) is None


def test_a_settled_folder_is_listed_once(tmp_path, monkeypatch):
    _age(tmp_path, 100)
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(sidecars.os, "scandir", lambda path: listed.append(path) or scandir(path))
    for number in range(5):
        find_sidecar(str(tmp_path / f"{number}.jpg"))
    assert len(listed) == 1


def test_a_photo_in_a_folder_that_is_gone_has_no_sidecar(tmp_path):
    assert find_sidecar(str(tmp_path / "gone" / "a.jpg")) is None
    assert read_sidecar(str(tmp_path / "gone.xmp")) is None


def test_a_sidecar_that_cannot_be_understood_still_tells_its_version(tmp_path):
    (tmp_path / "a.xmp").write_bytes(b"\xff\x00garbage")
    found = read_sidecar(str(tmp_path / "a.xmp"))
    assert (found.size, found.values) == (9, XmpValues())
    assert found.mtime_ns == (tmp_path / "a.xmp").stat().st_mtime_ns
    (tmp_path / "folder.xmp").mkdir()
    assert read_sidecar(str(tmp_path / "folder.xmp")).values == XmpValues()


def _age(folder, seconds):
    """As if nothing had changed in the folder for so long."""
    if seconds:
        moment = (folder.stat().st_mtime_ns // 10**9 - seconds) * 10**9
        os.utime(folder, ns=(moment, moment))
