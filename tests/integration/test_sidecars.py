"""Sidecars of real photos through the whole worker: read along, noticed when they change, no model time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.media import PhotoMetadata
from tests.fake_encoder import FakeEncoder
from tests.indexing_rig import Rig, make_photo, wait_for

_SIDECAR = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmp:Rating="{rating}" xmp:Label="Red"/>
 </rdf:RDF>
</x:xmpmeta>
"""


def write_sidecar(path: Path, rating: int) -> None:
    path.write_text(_SIDECAR.format(rating=rating))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def metadata(rig: Rig, name: str) -> PhotoMetadata:
    read = rig.photo(name).metadata
    assert read is not None
    return read


@pytest.mark.parametrize("sidecar", ["a.xmp", "a.jpg.xmp", "a.XMP"])
def test_a_sidecar_is_read_with_its_photo_once(rig: Rig, sidecar: str) -> None:
    _, photos = rig.add_folder()
    make_photo(photos / "a.jpg")
    write_sidecar(photos / sidecar, 4)
    rig.start()
    rig.wait_for_photos("photos/a.jpg")
    rig.settle()
    assert (metadata(rig, "photos/a.jpg").rating, metadata(rig, "photos/a.jpg").label) == (4, "Red")
    read_once = list(rig.opened)
    rig.restart()
    rig.settle()
    assert rig.opened == read_once


def test_a_changed_sidecar_is_noticed_at_the_next_start_and_costs_no_model_time(rig: Rig) -> None:
    encoder = FakeEncoder()
    _, photos = rig.add_folder()
    make_photo(photos / "a.jpg")
    rig.use(encoder)
    rig.start()
    rig.wait_for_photos("photos/a.jpg")
    rig.settle()
    rig.worker.stop()
    encoded = encoder.images_encoded
    write_sidecar(photos / "a.xmp", 2)
    rig.restart()
    wait_for(lambda: metadata(rig, "photos/a.jpg").rating == 2, "the sidecar is read")
    rig.settle()
    assert encoder.images_encoded == encoded
    assert rig.photo("photos/a.jpg").decisions.rating == 2


def test_a_sidecar_that_comes_changes_and_goes_is_noticed_while_running(rig: Rig) -> None:
    _, photos = rig.add_folder()
    make_photo(photos / "a.jpg")
    make_photo(photos / "ab.jpg", 1)
    rig.start()
    rig.wait_for_photos("photos/a.jpg", "photos/ab.jpg")
    rig.settle()
    for rating in (3, 5):
        write_sidecar(photos / "a.xmp", rating)
        wait_for(lambda rating=rating: metadata(rig, "photos/a.jpg").rating == rating, "it is read")  # type: ignore[misc]
    (photos / "a.xmp").unlink()
    wait_for(lambda: metadata(rig, "photos/a.jpg").rating is None, "it is forgotten")
    assert rig.opened.count(str(photos / "ab.jpg")) == 1


def test_a_photo_that_cannot_be_read_is_not_tried_again_for_its_sidecar(rig: Rig) -> None:
    _, photos = rig.add_folder()
    (photos / "a.jpg").write_bytes(b"\xff\xd8\xff no picture")
    write_sidecar(photos / "a.xmp", 4)
    rig.start()
    wait_for(lambda: rig.library.photos.problems(), "it is a problem")
    rig.settle()
    rig.restart()
    rig.settle()
    assert len(rig.opened) == 1
