"""What systems answer about their input, their power and their load, and what we make of it."""

import types

import pytest

from app.indexing.surroundings import (
    OtherLoad,
    Power,
    Surroundings,
    desktop_idle_seconds,
    input_idleness,
    mac_idle_seconds,
    power_of,
    windows_idle_seconds,
)

IOREG = """+-o IOHIDSystem  <class IOHIDSystem, id 0x10000043c, registered, matched, active>
    {
      "HIDIdleTime" = 183456789012
      "IOClass" = "IOHIDSystem"
    }"""


def test_macos_counts_nanoseconds() -> None:
    assert mac_idle_seconds(lambda: IOREG) == pytest.approx(183.46, abs=0.01)
    assert mac_idle_seconds(lambda: "nothing of the kind") is None


def test_windows_counts_ticks_that_begin_anew() -> None:
    assert windows_idle_seconds(lambda: (70_000, 10_000)) == 60
    assert windows_idle_seconds(lambda: (5_000, 2**32 - 1_000)) == 6
    assert windows_idle_seconds(lambda: None) is None


def test_the_first_desktop_that_answers_is_believed() -> None:
    answers = {"org.freedesktop.ScreenSaver": 90_000}
    assert desktop_idle_seconds(lambda name, path, method: answers.get(name)) == 90
    answers["org.gnome.Mutter.IdleMonitor"] = 4_000
    assert desktop_idle_seconds(lambda name, path, method: answers.get(name)) == 4
    assert desktop_idle_seconds(lambda name, path, method: None) is None


@pytest.mark.skipif("sys.platform != 'linux'", reason="only Linux desktops are asked over D-Bus")
@pytest.mark.parametrize("address", ["unix:path=/nowhere/at/all", "nonsense", ""])
def test_without_a_session_bus_the_input_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    ask = input_idleness("linux")
    assert ask is not None
    assert ask() is None
    assert Surroundings().idle_is_load


def test_a_system_nobody_knows_has_no_input_to_ask() -> None:
    assert input_idleness("plan9") is None


def _battery(plugged: bool | None) -> types.SimpleNamespace:
    return types.SimpleNamespace(power_plugged=plugged)


def test_the_battery_tells_what_the_computer_runs_on() -> None:
    assert power_of(lambda: _battery(True)) is Power.MAINS
    assert power_of(lambda: _battery(False)) is Power.BATTERY
    assert power_of(lambda: _battery(None)) is None
    assert power_of(lambda: None) is Power.NO_BATTERY
    assert power_of(None) is None

    def refuse() -> None:
        raise OSError("no such device")

    assert power_of(refuse) is None


class Load:
    """Two cores that other programs use as a test says."""

    def __init__(self) -> None:
        self.now, self.busy = 50.0, 1000.0
        self.load = OtherLoad(lambda: self.busy, lambda: self.now)
        self.load._cores = 2

    def pass_time(self, seconds: float, load: float) -> float | None:
        self.now += seconds
        self.busy += seconds * load * 2
        return self.load.quiet_seconds()


def test_the_computer_is_left_alone_while_others_do_little() -> None:
    load = Load()
    assert load.load.quiet_seconds() == 0
    assert load.pass_time(10, 0.05) == 10
    assert load.pass_time(10, 0.02) == 20
    assert load.pass_time(2, 0.6) == 0
    assert load.pass_time(10, 0.05) == 10


def test_two_questions_at_once_are_one() -> None:
    load = Load()
    load.load.quiet_seconds()
    load.pass_time(10, 0.05)
    assert load.pass_time(0.01, 1.0) == pytest.approx(10.01)  # a step of the system's own counting
    assert load.pass_time(10, 0.05) == pytest.approx(20.01)


def test_without_processor_times_nothing_can_be_told() -> None:
    assert OtherLoad(lambda: None).quiet_seconds() is None


def test_this_computer_answers_something() -> None:
    around = Surroundings()
    assert (around.idle_seconds() or 0) >= 0
    assert around.power() in (None, *Power)
    assert around.memory_is_short() in (True, False)
