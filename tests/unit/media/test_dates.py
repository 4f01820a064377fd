"""When a photo was taken: clocks, satellites, names and sidecars."""

import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
from media_samples import encoded, scene
from PIL import Image

from app.domain.media import DecodeRequest, TakenFrom
from app.media.dates import satellite_time, with_offset_of
from app.media.decode import decode_photo
from app.media.metadata import Tags, describe
from app.media.name_dates import date_in_name


def at(*parts, offset=None):
    zone = None if offset is None else timezone(timedelta(hours=offset))
    return datetime(*parts, tzinfo=zone)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("IMG_20190704_153012.jpg", at(2019, 7, 4, 15, 30, 12)),
        ("x/y/IMG_20190704_153012_HDR.jpg", at(2019, 7, 4, 15, 30, 12)),
        ("20190704_153012.heic", at(2019, 7, 4, 15, 30, 12)),
        ("20190704_153012(0).jpg", at(2019, 7, 4, 15, 30, 12)),
        ("PXL_20210101_123456789.jpg", at(2021, 1, 1, 12, 34, 56, offset=0)),
        ("IMG-20190704-WA0001.jpg", at(2019, 7, 4)),
        ("VID_20190704_153012.mp4", at(2019, 7, 4, 15, 30, 12)),
        ("Screenshot 2019-07-04 at 15.30.12.png", at(2019, 7, 4, 15, 30, 12)),
        ("Screen Shot 2019-07-04 at 3.30.12 PM.png", at(2019, 7, 4, 15, 30, 12)),
        ("Screen Shot 2019-07-04 at 12.30.12\u202fAM.png", at(2019, 7, 4, 0, 30, 12)),
        ("Bildschirmfoto 2019-07-04 um 15.30.12.png", at(2019, 7, 4, 15, 30, 12)),
        ("Screenshot_20190704-153012_Chrome.jpg", at(2019, 7, 4, 15, 30, 12)),
        ("Screenshot_2019-07-04-15-30-12.png", at(2019, 7, 4, 15, 30, 12)),
        ("2019-07-04 15.30.12.jpg", at(2019, 7, 4, 15, 30, 12)),
        ("2019-07-04 15.30.12-1.jpg", at(2019, 7, 4, 15, 30, 12)),
        ("signal-2019-07-04-153012.jpeg", at(2019, 7, 4, 15, 30, 12)),
        ("signal-2019-07-04-15-30-12-123.jpg", at(2019, 7, 4, 15, 30, 12)),
        ("WhatsApp Image 2019-07-04 at 15.30.12.jpeg", at(2019, 7, 4, 15, 30, 12)),
        ("photo_2019-07-04_15-30-12.jpg", at(2019, 7, 4, 15, 30, 12)),
        ("WIN_20190704_15_30_12_Pro.jpg", at(2019, 7, 4, 15, 30, 12)),
        ("1975-08-01 Grandma.jpg", at(1975, 8, 1)),
        ("2019-07-04.jpg", at(2019, 7, 4)),
    ],
)
def test_a_name_tells_when_the_photo_was_taken(name, moment):
    assert date_in_name(name) == moment


@pytest.mark.parametrize(
    "name",
    [
        "DSC_0123.JPG",
        "DSC20190704.JPG",
        "IMG_1234.JPG",
        "P1010203.JPG",
        "20191341.jpg",
        "19000101.jpg",
        "2099-01-01.jpg",
        "120190704153012.jpg",
        "1562254212345.jpg",
        "20190704-1f2e-4a5b-9c8d-001122334455.jpg",
        "FB_IMG_1562254212345.jpg",
        "20190704/beach.jpg",
        "",
    ],
)
def test_numbers_that_are_no_date_are_none(name):
    assert date_in_name(name) is None


SATELLITES = {29: "2024:05:17", 7: (16.0, 3.0, 57.0)}


@pytest.mark.parametrize(
    ("clock", "offset"),
    [
        ("2024:05:17 18:03:59", 2),
        ("2024:05:17 16:05:00", 0),
        ("2024:05:17 21:33:10", 5.5),
        ("2024:05:17 06:03:50", -10),
        ("2024:05:18 05:03:50", 13),
        ("2024:05:17 18:10:00", None),  # the fix is old or the clock is off
        ("2024:05:19 18:03:59", None),
    ],
)
def test_the_satellites_tell_the_offset_that_the_camera_does_not(clock, offset):
    found = describe(Tags({}, {0x9003: clock}, SATELLITES), size=(1, 1), format_="JPEG", orientation=1)
    assert found.taken_at.utcoffset() == (None if offset is None else timedelta(hours=offset))
    assert found.taken_from is TakenFrom.EXIF


def test_an_offset_that_the_camera_wrote_stays():
    tags = Tags({}, {0x9003: "2024:05:17 18:03:59", 0x9011: "+01:00"}, SATELLITES)
    assert describe(tags, size=(1, 1), format_="", orientation=1).taken_at.utcoffset() == timedelta(hours=1)


def test_without_a_clock_the_satellites_date_the_photo():
    found = describe(Tags({}, {}, SATELLITES), size=(1, 1), format_="JPEG", orientation=1)
    assert (found.taken_at, found.taken_from) == (datetime(2024, 5, 17, 16, 3, 57, tzinfo=UTC), TakenFrom.GPS)


@pytest.mark.parametrize(
    "gps",
    [{}, {29: "soon", 7: (1.0, 2.0, 3.0)}, {29: "2024:05:17", 7: "noon"}, {29: "2024:05:17", 7: (1e9,) * 3}],
)
def test_absurd_times_of_satellites_are_none(gps):
    assert satellite_time(gps) is None


def test_a_moment_without_satellites_stays_naive():
    assert with_offset_of(at(2020, 1, 1), None) == at(2020, 1, 1)


XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{}</rdf:RDF></x:xmpmeta>'


def sidecar(attributes):
    names = 'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    return XMP.format(f"<rdf:Description {names} {attributes}/>")


def taken(folder, *, name="a.jpg", clock=None, offset=None, beside=None):
    exif = Image.Exif()
    if clock:
        exif.get_ifd(0x8769)[0x9003] = clock
    if offset:
        exif.get_ifd(0x8769)[0x9011] = offset
    (folder / name).write_bytes(encoded(scene(32, 24), exif=exif.tobytes()))
    if beside:
        (folder / f"{name}.xmp").write_text(sidecar(beside))
    metadata = decode_photo(DecodeRequest(os.fspath(folder / name))).metadata
    return metadata.taken_at, metadata.taken_from


@pytest.mark.parametrize(
    ("written", "moment", "source"),
    [
        ("2018-01-02T03:04:05", at(2018, 1, 2, 3, 4, 5), TakenFrom.XMP),
        ("2019-07-04T15:30:12", at(2019, 7, 4, 15, 30, 12, offset=2), TakenFrom.EXIF),
        ("2019-07-04", at(2019, 7, 4, 15, 30, 12, offset=2), TakenFrom.EXIF),
        ("2019-07-05", at(2019, 7, 5), TakenFrom.XMP),
        ("1700-01-01", at(2019, 7, 4, 15, 30, 12, offset=2), TakenFrom.EXIF),
    ],
)
def test_a_sidecars_date_wins_where_it_says_something_else(tmp_path, written, moment, source):
    found = taken(
        tmp_path, clock="2019:07:04 15:30:12", offset="+02:00", beside=f'exif:DateTimeOriginal="{written}"'
    )
    assert found == (moment, source)


def test_a_sidecar_adds_the_offset(tmp_path):
    found = taken(
        tmp_path, clock="2019:07:04 15:30:12", beside='exif:DateTimeOriginal="2019-07-04T15:30:12+09:00"'
    )
    assert found == (at(2019, 7, 4, 15, 30, 12, offset=9), TakenFrom.XMP)


def test_a_name_dates_only_a_photo_that_says_nothing(tmp_path):
    name = "IMG_20190704_153012.jpg"
    assert taken(tmp_path, name=name) == (at(2019, 7, 4, 15, 30, 12), TakenFrom.NAME)
    found = taken(tmp_path, name=name, clock="2018:01:02 03:04:05")
    assert found == (at(2018, 1, 2, 3, 4, 5), TakenFrom.EXIF)
    assert taken(tmp_path) == (None, None)


def test_a_sidecar_wins_field_by_field_and_tells_its_version(tmp_path):
    exif = Image.Exif()
    exif[0x4746] = 2
    exif[271] = "Canon"
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(scene(32, 24), exif=exif.tobytes()))
    alone = decode_photo(DecodeRequest(os.fspath(path))).metadata
    assert (alone.rating, alone.sidecar_size, alone.sidecar_mtime_ns) == (2, None, None)
    beside = tmp_path / "A.XMP"
    beside.write_text(sidecar('xmp:Rating="5" xmp:Label="Green"'))
    os.utime(tmp_path, (1, 1))
    found = decode_photo(DecodeRequest(os.fspath(path))).metadata
    assert (found.rating, found.label, found.camera_make) == (5, "Green", "Canon")
    assert (found.sidecar_size, found.sidecar_mtime_ns) == (beside.stat().st_size, beside.stat().st_mtime_ns)


def test_a_sidecar_that_is_named_is_the_one_that_is_read(tmp_path):
    path, other = tmp_path / "a.jpg", tmp_path / "elsewhere.xmp"
    path.write_bytes(encoded(scene(32, 24)))
    other.write_text(sidecar('xmp:Rating="1"'))
    request = DecodeRequest(os.fspath(path), sidecar=os.fspath(other))
    assert decode_photo(request).metadata.rating == 1
