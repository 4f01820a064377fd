"""Metadata: what good files say, and that bad ones never stop a photo."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from media_samples import encoded, scene
from PIL import Image, TiffImagePlugin

from app.media.dates import parse_exif_date
from app.media.metadata import Tags, describe
from app.media.opening import open_picture
from app.media.text import clean_text


def metadata_of(data):
    return open_picture(data, "a.jpg", lambda full: full).metadata


def with_exif(base=None, exif=None, gps=None):
    tags = Image.Exif()
    tags.update(base or {})
    tags.get_ifd(0x8769).update(exif or {})
    tags.get_ifd(0x8825).update(gps or {})
    return metadata_of(encoded(scene(32, 24), exif=tags.tobytes()))


def described(base=None, exif=None, gps=None):
    return describe(Tags(base or {}, exif or {}, gps or {}), size=(1, 1), format_="JPEG", orientation=1)


def test_a_camera_file_says_when_where_and_how():
    found = with_exif(
        base={271: "Canon", 272: "Canon EOS 5D"},
        exif={
            0x9003: "2024:05:17 18:03:59",
            0x9011: "+02:00",
            0x9291: "25",
            0xA434: "EF 50mm f/1.4",
            0x829A: 1 / 250,
            0x829D: 2.8,
            0x8827: 400,
            0x920A: 50.0,
        },
        gps={1: "S", 2: (33.0, 51.0, 24.0), 3: "E", 4: (151.0, 12.0, 54.0), 5: b"\x01", 6: 12.0},
    )
    assert found.taken_at == datetime(2024, 5, 17, 18, 3, 59, 250_000, timezone(timedelta(hours=2)))
    assert (found.camera_make, found.camera_model, found.lens) == ("Canon", "Canon EOS 5D", "EF 50mm f/1.4")
    assert found.exposure_seconds == pytest.approx(1 / 250)
    assert (found.f_number, found.iso, found.focal_length_mm) == (2.8, 400, 50.0)
    assert found.latitude == pytest.approx(-33.8567, abs=1e-4)
    assert found.longitude == pytest.approx(151.215, abs=1e-4)
    assert found.altitude_m == -12


def test_a_file_without_metadata_says_nothing():
    found = metadata_of(encoded(scene(32, 24)))
    assert (found.width, found.height, found.format) == (32, 24, "JPEG")
    assert found.taken_at is found.camera_make is found.latitude is found.title is None
    assert found.keywords == ()


@pytest.mark.parametrize(
    "text",
    [
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        "1970:01:01 00:00:00",
        "1700:01:01 00:00:00",
        "2024:13:41 25:61:61",
        "9999:12:31 23:59:59",
        "yesterday",
        "",
        None,
        12,
        b"\xff\xfe",
    ],
)
def test_absurd_dates_are_no_dates(text):
    assert parse_exif_date(text) is None


@pytest.mark.parametrize(
    "text", ["2021:03:04 05:06:07", "2021-03-04 05:06:07", "2021/03/04 05:06:07", "2021-03-04T05:06:07Z"]
)
def test_dates_are_read_as_cameras_and_programs_write_them(text):
    assert parse_exif_date(text) == datetime(2021, 3, 4, 5, 6, 7)  # noqa: DTZ001


@pytest.mark.parametrize("offset", ["", "nonsense", "+99:00", "   :  ", b"\x00", None])
def test_a_bad_offset_leaves_the_date_without_one(offset):
    assert parse_exif_date("2021:03:04 05:06:07", offset).tzinfo is None


def test_a_date_that_is_absurd_gives_way_to_the_next():
    found = with_exif(base={306: "2019:01:02 03:04:05"}, exif={0x9003: "0000:00:00 00:00:00"})
    assert found.taken_at == datetime(2019, 1, 2, 3, 4, 5)  # noqa: DTZ001


def test_numbers_with_zero_denominators_are_nothing():
    nothing = TiffImagePlugin.IFDRational(1, 0)
    found = described(
        exif={0x829A: nothing, 0x829D: nothing, 0x920A: nothing, 0x8827: ()},
        gps={1: "N", 2: (nothing, nothing, nothing), 3: "E", 4: (1.0, 2.0, 3.0), 6: nothing},
    )
    assert found == describe(Tags(), size=(1, 1), format_="JPEG", orientation=1)


def test_apex_values_stand_in_for_missing_ones():
    found = described(exif={0x9201: 8.0, 0x9202: 4.0})
    assert (found.exposure_seconds, found.f_number) == (1 / 256, 4.0)


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (10.0, 0.0, 0.0)},
        {1: "N", 2: "north", 3: "E", 4: 7},
        {2: (45.0, 0.0, 0.0)},
    ],
)
def test_impossible_places_are_no_places(gps):
    found = described(gps=gps)
    assert found.latitude is found.longitude is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  Canon \0garbage", "Canon"),
        (b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
        (b"Gr\xfc\xdfe", "Grüße"),
        ("GrÃ¼Ã\x9fe", "Grüße"),
        ("Grüße", "Grüße"),
        ("a\x07b\nc", "a b c"),
        ("\0\0\0", None),
        (("first", "second"), "first"),
        (17, None),
        ("x" * 5000, "x" * 2000),
    ],
)
def test_texts_are_cleaned(value, expected):
    assert clean_text(value) == expected


XMP = b"""<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmp:CreateDate="2018-07-06T05:04:03+01:00">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">A title</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">A caption &amp; more</rdf:li></rdf:Alt></dc:description>
<dc:subject><rdf:Bag><rdf:li>dog</rdf:li><rdf:li>beach</rdf:li><rdf:li>dog</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"""


@pytest.mark.parametrize("format_", ["JPEG", "WEBP", "AVIF"])
def test_what_people_wrote_is_read_from_xmp(format_):
    found = metadata_of(encoded(scene(32, 24), format_, xmp=XMP))
    assert (found.title, found.caption, found.keywords) == ("A title", "A caption & more", ("dog", "beach"))
    assert found.taken_at == datetime(2018, 7, 6, 4, 4, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "packet",
    [
        b"not xml",
        b"<x:xmpmeta",
        XMP[:300],
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + XMP,
    ],
)
def test_broken_or_hostile_xmp_is_passed_over(packet):
    found = metadata_of(encoded(scene(32, 24), xmp=packet))
    assert (found.title, found.keywords) == (None, ())


def test_what_people_wrote_is_read_from_iptc():
    def field(number, text):
        body = text.encode()
        return b"\x1c\x02" + bytes([number]) + len(body).to_bytes(2, "big") + body

    records = field(5, "Über title") + field(120, "A caption") + field(25, "cat") + field(25, "tree")
    block = b"8BIM\x04\x04\0\0" + len(records).to_bytes(4, "big") + records + b"\0" * (len(records) % 2)
    body = b"Photoshop 3.0\0" + block
    data = encoded(scene(32, 24))
    found = metadata_of(data[:2] + b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body + data[2:])
    assert (found.title, found.caption, found.keywords) == ("Über title", "A caption", ("cat", "tree"))


def test_what_people_wrote_is_read_from_the_tags_of_windows():
    found = with_exif(
        base={
            270: "A walk",
            0x9C9B: "Title".encode("utf-16-le") + b"\0\0",
            0x9C9E: "cat;tree".encode("utf-16-le") + b"\0\0",
        }
    )
    assert (found.title, found.caption, found.keywords) == ("Title", "A walk", ("cat", "tree"))


@pytest.mark.parametrize(
    "text", ["OLYMPUS DIGITAL CAMERA         ", "SONY DSC", "DCIM100", "Canon", "DSC_0123"]
)
def test_what_a_camera_writes_into_every_photo_is_no_caption(text):
    assert with_exif(base={270: text, 271: "Canon"}).caption is None


@pytest.mark.parametrize("cut", range(6, 60, 3))
def test_broken_exif_never_stops_a_photo(cut):
    tags = Image.Exif()
    tags[271] = "Canon"
    tags.get_ifd(0x8769)[0x9003] = "2024:05:17 18:03:59"
    block = bytearray(tags.tobytes())
    for at in range(cut, len(block), 7):
        block[at] = 0xFF
    found = metadata_of(encoded(scene(32, 24), exif=bytes(block)))
    assert (found.width, found.height) in {(32, 24), (24, 32)}
