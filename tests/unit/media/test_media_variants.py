"""The variants of formats that people's folders hold: deep, planar, tiled, inverted, animated, misnamed."""

import base64
import io
import struct
import zlib

import numpy as np
import pytest
from media_samples import TURNS_AWAY, UPRIGHT, corners, encoded, noise, scene, turned
from PIL import Image

from app.errors import DamagedMediaError, MediaTooLargeError
from app.media import png_strips, tiff_blocks
from app.media.opening import open_picture

try:
    import pylibjxl
except ImportError:  # no wheel for this kind of computer
    pylibjxl = None

needs_jxl = pytest.mark.skipif(pylibjxl is None, reason="pylibjxl has no wheel for this kind of computer")


def opened(data, name="a.jpg", needed=(10**6, 10**6)):
    return open_picture(data, name, lambda full: (min(full[0], needed[0]), min(full[1], needed[1])))


def close_to_scene(data, tolerance=12.0):
    """Whether the file shows the scene in its colours."""
    found = np.asarray(opened(data).image, dtype=float)
    return np.abs(found - np.asarray(scene(), dtype=float)).mean() < tolerance


def as_cmyk(picture, inverted=False):
    ink = picture.convert("CMYK")
    return Image.merge("CMYK", [band.point(lambda v: 255 - v) for band in ink.split()]) if inverted else ink


def jpeg_with_adobe_marker(transform):
    """A CMYK JPEG as Photoshop writes it, with inverted inks; transform 2 calls them YCCK."""
    data = encoded(as_cmyk(scene()), "JPEG", subsampling=0)
    at = data.index(b"Adobe") + 11
    return data[:at] + bytes([transform]) + data[at + 1 :]


# The scene at 32 x 24 with arithmetic coding, which nothing we depend on can write.
ARITHMETIC = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdB"
    "RkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09P"
    "T09PT09PT09PT09PT0//yQARCAAYACADASIAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPwD/ADzqVDhDHx+On8wb"
    "sQOQcNqCI4wtAWqa06YnS1xb7k78unWRLuErpdjrs8CKdVJ9f9Ed5Sjv93JK+yMib8C2UnIei/pCWG9xC8+iZPwfumcuEjso"
    "wod6r8X8W6O3n5zxrGNRqh81jr9BKXxT5e/v1Pj9jCQvkar+0NHZNP8AfKJU/wCbLdCuuf/Z"
)
ARITHMETIC_PROGRESSIVE = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdB"
    "RkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09P"
    "T09PT09PT09PT09PT0//ygARCAAYACADASIAAhEBAxEB/8wABgAQARD/2gAMAwEAAhADEAAAAf59cgBHgHuR+5tc7f5zuvLe"
    "m1z/zAAEEAX/2gAIAQEAAQUCkpy6Eo/8A4FMYQYCEf/MAAQRBf/aAAgBAwEBPwE2ofR+MhJlDMFA/8wABBEF/9oACAECAQE/"
    "ARgid2OYTGbv2SVMrP/MAAQQBf/aAAgBAQAGPwJfNEcCpFDahp+A/8wABBAF/9oACAEBAAE/IUvzE5YFe1keQgwRHEKGIq+v"
    "SP/aAAwDAQACAAMAAAAQr9/HgP/MAAQRBf/aAAgBAwEBPxAMslvYS75Y8ahlrdT/zAAEEQX/2gAIAQIBAT8QztNreLc87MxO"
    "svfF9P/MAAQQBf/aAAgBAQABPxAfEaViT2NrsAdlVuk/ssklUlIlBqGs/9k="
)


class TestJpeg:
    def test_cmyk_as_photoshop_inverts_it(self):
        assert close_to_scene(encoded(as_cmyk(scene()), "JPEG"))

    def test_ycck_is_told_by_its_marker(self):
        data = encoded(scene().convert("YCbCr"), "JPEG", subsampling=0)
        assert close_to_scene(data)
        with Image.open(io.BytesIO(jpeg_with_adobe_marker(2))) as header:
            assert header.mode == "CMYK"
        plain, ycck = (opened(jpeg_with_adobe_marker(kind)).image for kind in (0, 2))
        assert corners(plain) == UPRIGHT
        assert corners(ycck) != UPRIGHT  # the same inks, read as colour differences

    @pytest.mark.parametrize(
        "options", [{"progressive": True}, {"subsampling": 2}, {"restart_marker_rows": 1}]
    )
    def test_other_ways_to_store_a_jpeg(self, options):
        assert close_to_scene(encoded(scene(), "JPEG", **options))

    @pytest.mark.parametrize("text", [ARITHMETIC, ARITHMETIC_PROGRESSIVE], ids=["plain", "progressive"])
    @needs_jxl
    def test_arithmetic_coding(self, text):
        data = base64.b64decode(text)
        picture = opened(data)
        assert (picture.full_size, corners(picture.image)) == ((32, 24), UPRIGHT)
        with pytest.raises(DamagedMediaError):
            opened(data[:150])

    def test_the_first_of_several_pictures_is_shown(self):
        data = encoded(scene(), "MPO", save_all=True, append_images=[noise(640, 480)])
        assert close_to_scene(data)


def png16(mode):
    """A 16-bit PNG of the scene, which Pillow cannot write in colour."""
    channels = {"grey": 1, "rgb": 3, "rgba": 4}[mode]
    pixels = np.asarray(scene().convert({1: "L", 3: "RGB", 4: "RGBA"}[channels])).reshape(480, -1)
    rows = b"".join(b"\0" + (row.astype(">u2") * 257).tobytes() for row in pixels)

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    colour = {1: 0, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", 640, 480, 16, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _small_limits(monkeypatch):
    """As if the scene were a panorama."""
    for module in (tiff_blocks, png_strips):
        monkeypatch.setattr(module, "MAX_DECODED_PIXELS", 100_000)
        monkeypatch.setattr(module, "_REDUCED_PIXELS", 20_000)
    monkeypatch.setattr(png_strips, "_STRIP_BYTES", 640 * 3 * 9)
    monkeypatch.setattr(tiff_blocks, "_LARGEST_BLOCK", 200_000)


class TestPng:
    @pytest.mark.parametrize("mode", ["rgb", "rgba"])
    def test_sixteen_bits_of_colour(self, mode):
        assert close_to_scene(png16(mode), 1.0)

    def test_sixteen_bits_of_grey(self):
        found = np.asarray(opened(png16("grey")).image.convert("L"), dtype=float)
        assert np.abs(found - np.asarray(scene().convert("L"), dtype=float)).mean() < 1

    def test_a_palette_with_transparency_lies_over_white(self):
        picture = scene().quantize(64)
        clear = picture.getpixel((5, 5))
        found = opened(encoded(picture, "PNG", transparency=clear)).image
        assert found.getpixel((5, 5)) == (255, 255, 255)
        assert corners(found)[1:] == UPRIGHT[1:]

    def test_interlaced(self):
        data = bytearray(encoded(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG"))
        data[28] = 1  # one pixel is the same in seven passes
        data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
        assert opened(bytes(data)).image.getpixel((0, 0)) == (9, 8, 7)

    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "P4", "1", "I;16"])
    def test_panoramas_are_read_strip_by_strip(self, mode, monkeypatch):
        if mode.startswith("P"):
            picture = scene().quantize(12 if mode == "P4" else 200)
        elif mode == "I;16":
            picture = Image.fromarray(np.asarray(scene().convert("L")).astype(np.uint16) * 257)
        else:
            picture = scene().convert(mode)
        data = encoded(picture, "PNG", **({"bits": 4} if mode == "P4" else {}))
        whole = np.asarray(opened(data).image.reduce(4), dtype=float)
        _small_limits(monkeypatch)
        found = opened(data)
        assert (found.full_size, found.image.size) == ((640, 480), (160, 120))
        assert np.abs(np.asarray(found.image, dtype=float) - whole).max() <= 2

    @pytest.mark.parametrize("mode", ["rgb", "rgba"])
    def test_panoramas_of_sixteen_bits(self, mode, monkeypatch):
        _small_limits(monkeypatch)
        found = opened(png16(mode))
        assert (found.image.size, corners(found.image)) == ((160, 120), UPRIGHT)

    def test_a_panorama_with_a_clear_colour_lies_over_white(self, monkeypatch):
        picture = scene().quantize(64)
        data = encoded(picture, "PNG", transparency=picture.getpixel((5, 5)))
        _small_limits(monkeypatch)
        assert opened(data).image.getpixel((2, 2)) == (255, 255, 255)

    @pytest.mark.parametrize("orientation", [1, 6])
    def test_panoramas_are_turned_upright(self, orientation, monkeypatch):
        _small_limits(monkeypatch)
        found = opened(turned(scene(), orientation, "PNG"))
        assert (found.full_size, corners(found.image)) == ((640, 480), UPRIGHT)

    @pytest.mark.parametrize("share", [0.3, 0.9])
    def test_a_panorama_without_its_end_is_damaged(self, share, monkeypatch):
        _small_limits(monkeypatch)
        data = encoded(noise(640, 480), "PNG")
        with pytest.raises(DamagedMediaError):
            opened(data[: int(len(data) * share)])

    def test_an_interlaced_panorama_is_refused_with_a_way_out(self, monkeypatch):
        _small_limits(monkeypatch)
        data = bytearray(encoded(scene(), "PNG"))
        data[28] = 1
        data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
        with pytest.raises(MediaTooLargeError, match="interlac"):
            opened(bytes(data))

    def test_the_first_frame_of_an_animation(self):
        assert close_to_scene(encoded(scene(), "PNG", save_all=True, append_images=[noise(640, 480)]), 1.0)


@pytest.mark.parametrize(
    ("format_", "options"), [("WEBP", {"lossless": True}), ("GIF", {}), ("AVIF", {"speed": 10})]
)
def test_the_first_frame_of_an_animation_is_shown(format_, options):
    data = encoded(scene(), format_, save_all=True, append_images=[noise(640, 480)], duration=100, **options)
    assert corners(opened(data).image) == UPRIGHT


def tiff(*, order="<", tile=0, planar=False, dtype="u1", compression=1):
    """An uncompressed or deflated TIFF of the scene in any layout and depth."""
    depth = {"u1": 255, "u2": 65535, "f4": 1.0}[dtype]
    pixels = (np.asarray(scene()).astype("f8") / 255 * depth).astype(order + dtype)
    planes = [pixels[..., n] for n in range(3)] if planar else [pixels]
    side = tile or 480
    blocks = []
    for plane in planes:
        for top in range(0, 480, side):
            for left in range(0, 640, side if tile else 640):
                block = plane[top : top + side, left : left + (side if tile else 640)]
                if tile:
                    missing = [(0, side - block.shape[0]), (0, side - block.shape[1])] + [(0, 0)] * (
                        block.ndim - 2
                    )
                    block = np.pad(block, missing)
                data = np.ascontiguousarray(block).tobytes()
                blocks.append(zlib.compress(data, 1) if compression == 8 else data)
    starts = np.cumsum([8, *map(len, blocks)])
    bits = pixels.dtype.itemsize * 8
    tags = {256: (4, [640]), 257: (4, [480]), 258: (3, [bits] * 3), 259: (3, [compression]), 262: (3, [2])}
    tags |= {277: (3, [3]), 284: (3, [2 if planar else 1]), 339: (3, [3 if dtype == "f4" else 1] * 3)}
    offsets, lengths = (4, [int(s) for s in starts[:-1]]), (4, [len(block) for block in blocks])
    tags |= {322: (4, [tile]), 323: (4, [tile]), 324: offsets, 325: lengths} if tile else {}
    tags |= {} if tile else {273: offsets, 278: (4, [480]), 279: lengths}
    body = b"".join(blocks)
    at = 8 + len(body)
    entries, extra, after = [], b"", at + 2 + 12 * len(tags) + 4
    for tag, (kind, values) in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(packed) > 4:
            packed, extra = struct.pack(f"{order}I", after + len(extra)), extra + packed
        entries.append(struct.pack(f"{order}HHI", tag, kind, len(values)) + packed.ljust(4, b"\0"))
    directory = struct.pack(f"{order}H", len(tags)) + b"".join(entries) + bytes(4) + extra
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", at)
    return start + body + directory


class TestTiff:
    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("tile", [0, 128])
    @pytest.mark.parametrize("compression", [1, 8])
    def test_layouts_of_eight_bits(self, order, tile, compression):
        assert close_to_scene(tiff(order=order, tile=tile, compression=compression), 1.0)

    @pytest.mark.parametrize("compression", [1, 8])
    def test_planes_apart(self, compression):
        assert close_to_scene(tiff(planar=True, compression=compression), 1.0)

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_sixteen_bits(self, order):
        assert close_to_scene(tiff(order=order, dtype="u2"), 1.0)

    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("planar", [False, True])
    @pytest.mark.parametrize("tile", [0, 128])
    @pytest.mark.parametrize("dtype", ["u2", "f4"])
    def test_what_pillow_does_not_read(self, order, planar, tile, dtype):
        assert close_to_scene(tiff(order=order, planar=planar, tile=tile, dtype=dtype, compression=8), 1.0)

    def test_what_pillow_does_not_read_is_damaged_when_it_is_truncated(self):
        data = tiff(planar=True, dtype="u2")
        directory = data[int.from_bytes(data[4:8], "little") :]
        cut = data[:4] + struct.pack("<I", 1000) + data[8:1000] + directory
        with pytest.raises(DamagedMediaError):
            opened(cut)

    @pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "zstd"])
    def test_compressions(self, compression):
        assert close_to_scene(encoded(scene(), "TIFF", compression=compression))

    def test_cmyk(self):
        assert close_to_scene(encoded(as_cmyk(scene()), "TIFF"))

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"compression": "tiff_lzw"},
            {"compression": "jpeg", "quality": 90},
            {"compression": "tiff_adobe_deflate", "tiffinfo": {317: 2}},
            {"strip_size": 640 * 3 * 7},
            {"strip_size": 640 * 3 * 480},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "RGBA", "P"])
    def test_panoramas_are_read_piece_by_piece(self, options, mode, monkeypatch):
        if mode in ("RGBA", "P") and options.get("compression") == "jpeg":
            pytest.skip("no JPEG holds that")
        _small_limits(monkeypatch)
        picture = scene().quantize(128) if mode == "P" else scene().convert(mode)
        found = opened(encoded(picture, "TIFF", **options))
        assert found.full_size == (640, 480)
        assert found.image.size == (160, 120)
        assert mode == "L" or corners(found.image) == UPRIGHT

    @pytest.mark.parametrize("tile", [0, 128])
    @pytest.mark.parametrize("planar", [False, True])
    @pytest.mark.parametrize("dtype", ["u1", "u2"])
    def test_panoramas_in_every_layout(self, tile, planar, dtype, monkeypatch):
        _small_limits(monkeypatch)
        found = opened(tiff(tile=tile, planar=planar, dtype=dtype, compression=1))
        assert (found.image.size, corners(found.image)) == ((160, 120), UPRIGHT)

    @pytest.mark.parametrize("orientation", TURNS_AWAY)
    def test_panoramas_are_turned_upright_once(self, orientation, monkeypatch):
        _small_limits(monkeypatch)
        found = opened(turned(scene(), orientation, "TIFF"))
        assert corners(found.image) == UPRIGHT
        assert (found.full_size, found.metadata.orientation) == ((640, 480), orientation)

    def test_a_panorama_in_one_compressed_piece_is_refused_with_a_way_out(self, monkeypatch):
        _small_limits(monkeypatch)
        with pytest.raises(MediaTooLargeError, match="tiles or strips"):
            opened(tiff(compression=8))

    def test_a_panorama_without_its_end_is_damaged(self, monkeypatch):
        _small_limits(monkeypatch)
        data = encoded(noise(640, 480), "TIFF", strip_size=640 * 3 * 8)
        with pytest.raises(DamagedMediaError):
            opened(data[: len(data) // 2])

    def test_floats_of_grey(self):
        grey = np.asarray(scene().convert("L"), np.float32) / 255
        found = np.asarray(opened(encoded(Image.fromarray(grey), "TIFF")).image, dtype=float)[..., 0]
        assert np.abs(found - grey * 255).mean() < 1

    def test_floats_of_grey_that_are_compressed_in_the_other_order(self):
        colours = tiff(order=">", dtype="f4", planar=True, compression=8)
        count = colours.index(struct.pack(">HHI", 277, 3, 1)) + 8
        one = colours[:count] + struct.pack(">H", 1) + colours[count + 2 :]
        photometric = one.index(struct.pack(">HHI", 262, 3, 1)) + 8
        one = one[:photometric] + struct.pack(">H", 1) + one[photometric + 2 :]
        red = np.asarray(scene(), dtype=float)[..., 0]
        assert np.abs(np.asarray(opened(one).image, dtype=float)[..., 0] - red).mean() < 1

    def test_the_first_page_is_shown(self):
        assert close_to_scene(encoded(scene(), "TIFF", save_all=True, append_images=[noise(640, 480)]), 1.0)


@needs_jxl
class TestJpegXl:
    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
    def test_modes(self, mode):
        picture = opened(pylibjxl.encode(np.asarray(scene().convert(mode)), effort=1), "a.jxl")
        assert (picture.metadata.format, picture.full_size, picture.image.mode) == ("JXL", (640, 480), "RGB")
        assert mode == "L" or corners(picture.image) == UPRIGHT

    def test_a_recompressed_jpeg(self):
        assert close_to_scene(pylibjxl.jpeg_to_jxl(encoded(scene()), effort=1))

    @pytest.mark.parametrize("orientation", TURNS_AWAY)
    def test_a_recompressed_jpeg_is_turned_upright_once(self, orientation):
        picture = opened(pylibjxl.jpeg_to_jxl(turned(scene(), orientation), effort=1))
        assert corners(picture.image) == UPRIGHT
        assert (picture.full_size, picture.metadata.orientation) == ((640, 480), orientation)

    def test_metadata(self):
        exif = Image.Exif()
        exif[271] = "Canon"
        xmp = (
            b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            b'<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="3"/></rdf:RDF>'
        )
        box = bytes(4) + exif.tobytes().removeprefix(b"Exif\0\0")
        found = opened(pylibjxl.encode(np.asarray(scene()), effort=1, exif=box, xmp=xmp)).metadata
        assert (found.camera_make, found.rating) == ("Canon", 3)

    @pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
    def test_a_truncated_one_is_damaged(self, share):
        data = pylibjxl.encode(np.asarray(noise(300, 200)), effort=1)
        with pytest.raises(DamagedMediaError):
            opened(data[: int(len(data) * share)])


def without_size_of_transparency(data):
    """An AVIF as early encoders wrote it: the second item's first property, its size, names another one."""
    at = data.index(b"ipma") + 4 + 4 + 4
    first = 3 + data[at + 2]
    second = at + first
    own = range(second + 3, second + 3 + data[second + 2])
    sizes = [n for n in own if data[n] & 0x7F == data[at + 3] & 0x7F]
    assert sizes, "both pictures share the property of their size"
    return data[: sizes[0]] + bytes([data[second + 4]]) + data[sizes[0] + 1 :]


def test_an_avif_whose_transparency_states_no_size_opens_too():
    picture = scene().convert("RGBA")
    picture.putalpha(Image.new("L", picture.size, 255))
    picture.paste((0, 0, 0, 0), (0, 200, 640, 280))
    data = without_size_of_transparency(encoded(picture, "AVIF"))
    with pytest.raises(OSError, match="cannot identify"):
        Image.open(io.BytesIO(data), formats=("AVIF",))
    found = opened(data).image
    assert corners(found) == UPRIGHT
    assert min(found.getpixel((300, 240))) > 245
    with pytest.raises(DamagedMediaError):
        opened(data[: len(data) // 2])


def photoshop(mode="RGB", depth=8, *, large=False, runs=True, resources=b""):
    """A Photoshop document of the scene without layers."""
    number, channels = {"L": (1, 1), "RGB": (3, 3), "CMYK": (4, 4)}[mode]
    picture = as_cmyk(scene(), inverted=True) if mode == "CMYK" else scene().convert(mode)
    values = np.asarray(picture).reshape(480, 640, channels)
    kind = {8: ">u1", 16: ">u2", 32: ">f4"}[depth]
    full = {8: 1, 16: 257, 32: 1 / 255}[depth]
    rows = [
        (row * float(full)).astype(kind).tobytes() for band in range(channels) for row in values[..., band]
    ]
    if runs:
        rows = [b"".join(bytes([len(part) - 1]) + part for part in _pieces(row)) for row in rows]
    lengths = b"".join(struct.pack(">I" if large else ">H", len(row)) for row in rows) if runs else b""
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 2 if large else 1, channels, 480, 640, depth, number)
    sections = bytes(4) + struct.pack(">I", len(resources)) + resources + bytes(8 if large else 4)
    return header + sections + struct.pack(">H", runs) + lengths + b"".join(rows)


def _pieces(row):
    return [row[at : at + 128] for at in range(0, len(row), 128)]


class TestPhotoshop:
    @pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
    @pytest.mark.parametrize("depth", [8, 16, 32])
    @pytest.mark.parametrize("large", [False, True])
    @pytest.mark.parametrize("runs", [False, True])
    def test_every_depth_and_both_sizes(self, mode, depth, large, runs):
        found = opened(photoshop(mode, depth, large=large, runs=runs), "a.psd")
        assert (found.metadata.format, found.full_size) == ("PSD", (640, 480))
        expected = np.asarray(scene().convert("L") if mode == "L" else scene(), dtype=float)
        image = found.image.convert("L") if mode == "L" else found.image
        assert np.abs(np.asarray(image, dtype=float) - expected).mean() < 2

    @pytest.mark.parametrize("depth", [8, 16])
    def test_metadata(self, depth):
        exif = Image.Exif()
        exif[271], exif[274] = "Canon", 6
        body = exif.tobytes().removeprefix(b"Exif\0\0")
        block = b"8BIM" + struct.pack(">HHI", 1058, 0, len(body)) + body + bytes(len(body) % 2)
        found = opened(photoshop(depth=depth, resources=block))
        assert (found.metadata.camera_make, corners(found.image)) == ("Canon", UPRIGHT)

    @pytest.mark.parametrize("depth", [8, 16])
    @pytest.mark.parametrize("share", [0.0001, 0.3, 0.9])
    def test_a_truncated_one_is_damaged(self, depth, share):
        data = photoshop(depth=depth)
        with pytest.raises(DamagedMediaError):
            opened(data[: max(20, int(len(data) * share))])
