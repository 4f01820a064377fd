"""What names a drive, and where it is mounted; tables and tools of other systems are stood in for."""

import plistlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.domain.photo import VolumePlace
from app.indexing import volumes
from app.indexing.volumes import Mount, linux_mounts, places_now, volume_place

TABLE = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 8:17 / /media/ada/My\040Drive rw,nosuid - exfat /dev/sdb1 rw
31 22 8:17 /photos /srv/photos rw - exfat /dev/sdb1 rw
32 22 0:50 / /mnt/nas rw - nfs4 nas.local:/export/photos rw,vers=4.2
33 22 0:51 / /tmp rw - tmpfs tmpfs rw
broken line
"""
UUIDS = {"/dev/sda1": "root-1", "/dev/sdb1": "ABCD-1234"}


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> list[Mount]:
    """What is mounted; tests change it."""
    table = list(linux_mounts(TABLE, UUIDS))
    monkeypatch.setattr(volumes, "mounts", lambda: tuple(table))
    monkeypatch.setattr("app.indexing.volumes.os.path.realpath", lambda path: path)
    return table


def test_the_table_of_linux_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.indexing.volumes.os.path.realpath", lambda path: path)
    assert linux_mounts(TABLE, UUIDS) == (
        Mount("root-1", "/", "/"),
        Mount("ABCD-1234", "/media/ada/My Drive", "/"),
        Mount("ABCD-1234", "/srv/photos", "/photos"),
        Mount("nfs4:nas.local:/export/photos", "/mnt/nas", "/"),
        Mount("", "/tmp", "/"),
    )


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/media/ada/My Drive/photos/2024", VolumePlace("ABCD-1234", "/photos/2024")),
        ("/media/ada/My Drive", VolumePlace("ABCD-1234", "/")),
        ("/srv/photos/2024", VolumePlace("ABCD-1234", "/photos/2024")),
        ("/mnt/nas/2024", VolumePlace("nfs4:nas.local:/export/photos", "/2024")),
        ("/home/ada", VolumePlace("root-1", "/home/ada")),
        ("/tmp/x", None),
    ],
)
def test_a_folder_has_a_place_on_its_drive(
    mounted: list[Mount], path: str, place: VolumePlace | None
) -> None:
    assert volume_place(path) == place


def test_a_drive_is_found_wherever_it_is_mounted_as_a_whole_or_in_part(mounted: list[Mount]) -> None:
    photos = VolumePlace("ABCD-1234", "/photos/2024")
    assert places_now(photos) == ["/media/ada/My Drive/photos/2024", "/srv/photos/2024"]
    assert places_now(VolumePlace("ABCD-1234", "/music")) == ["/media/ada/My Drive/music"]

    mounted[:] = [Mount("ABCD-1234", "/run/media/drive", "/")]
    assert places_now(photos) == ["/run/media/drive/photos/2024"]
    mounted.clear()
    assert places_now(photos) == []


def test_what_is_mounted_over_another_drive_hides_it(mounted: list[Mount]) -> None:
    mounted.append(Mount("WXYZ", "/media/ada/My Drive", "/"))
    assert volume_place("/media/ada/My Drive/a") == VolumePlace("WXYZ", "/a")


def test_this_machine_can_be_asked(tmp_path: Path) -> None:
    assert all(mount.point for mount in volumes.mounts())
    place = volume_place(str(tmp_path))
    assert place is None or str(tmp_path.resolve()) in places_now(place)


def test_a_mac_is_asked_through_its_tool_and_may_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: dict[str, Any] = {"/Volumes/Photos": {"VolumeUUID": "1F-2E"}, "/Volumes/Odd": {}}

    def answer(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        point = command[-1]
        if point not in answers:
            raise subprocess.CalledProcessError(1, command)
        return subprocess.CompletedProcess(command, 0, plistlib.dumps(answers[point]))

    monkeypatch.setattr("app.indexing.volumes.subprocess.run", answer)
    points = ("/Volumes/Photos", "/Volumes/Odd", "/Volumes/Gone", "/Volumes/Photos")
    monkeypatch.setattr("app.indexing.volumes.sys.platform", "darwin")
    assert [mount.volume_id for mount in volumes._named(points)] == ["1F-2E", "", ""]
    volumes._named.cache_clear()
