"""What goes on around us: whether somebody uses this computer, and what it is powered by."""

import ctypes
import logging
import re
import subprocess
import sys
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import psutil

_log = logging.getLogger(__name__)

_ASK_SECONDS = 0.5  # a desktop that does not answer by then is not asked
_QUIET_LOAD = 0.15  # of all cores: below it, other programs do nothing that somebody waits for
_LOAD_SECONDS = 1.0  # the system counts processor time in steps, so less than this says nothing
_IOREG_IDLE = re.compile(r'"HIDIdleTime"\s*=\s*(\d+)')

# Bus name and interface, object, method: milliseconds without input, though the second was to give seconds.
_DESKTOPS = (
    ("org.gnome.Mutter.IdleMonitor", "/org/gnome/Mutter/IdleMonitor/Core", "GetIdletime"),
    ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", "GetSessionIdleTime"),
)


class Power(StrEnum):
    """What a computer runs on."""

    NO_BATTERY = "no battery"
    MAINS = "mains"
    BATTERY = "battery"


class Surroundings:
    """Asks the system; every answer may be None, which means that it cannot be told here."""

    def __init__(self) -> None:
        self._load = OtherLoad()
        self._input: Callable[[], float | None] | None = input_idleness()

    def idle_seconds(self) -> float | None:
        """How long nobody has used the computer."""
        if self._input is not None:
            seconds = self._input()
            if seconds is not None:
                return seconds
        return self._load.quiet_seconds()

    @property
    def idle_is_load(self) -> bool:
        """Whether only the work of other programs tells, because the system says nothing of its input."""
        return self._input is None or self._input() is None

    def power(self) -> Power | None:
        """What the computer runs on."""
        return power_of(getattr(psutil, "sensors_battery", None))  # psutil lacks it on some systems

    def memory_is_short(self) -> bool:
        """Whether a second large photo at once might drive other programs out of the memory."""
        memory = psutil.virtual_memory()
        return bool(memory.available < min(1_000_000_000, memory.total // 8))


def power_of(ask: Callable[[], Any] | None) -> Power | None:
    """What psutil's answer about the battery means."""
    if ask is None:
        return None
    try:
        battery = ask()
    except (OSError, RuntimeError) as error:
        _log.info("the battery cannot be asked: %s", error)
        return None
    if battery is None:
        return Power.NO_BATTERY
    if battery.power_plugged is None:
        return None
    return Power.MAINS if battery.power_plugged else Power.BATTERY


def input_idleness(platform: str = sys.platform) -> Callable[[], float | None] | None:
    """The function that tells for how many seconds keyboard and mouse have rested here, if there is one."""
    return {"linux": _linux_desktop, "darwin": mac_idle_seconds, "win32": windows_idle_seconds}.get(platform)


def mac_idle_seconds(ask: Callable[[], str] | None = None) -> float | None:
    """From the registry of the input system, in nanoseconds there."""
    found = _IOREG_IDLE.search((ask or _ioreg)())
    return int(found[1]) / 1e9 if found else None


def _ioreg() -> str:
    command = ["/usr/sbin/ioreg", "-c", "IOHIDSystem", "-d", "4"]
    try:
        return subprocess.run(command, capture_output=True, timeout=5, check=False, text=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        _log.info("the input system cannot be asked: %s", error)
        return ""


def windows_idle_seconds(ask: Callable[[], tuple[int, int] | None] | None = None) -> float | None:
    """From the ticks of now and of the last input: milliseconds that begin anew every 49.7 days."""
    ticks = (ask or _windows_ticks)()
    if ticks is None:
        return None
    now, last = ticks
    return ((now - last) & 0xFFFFFFFF) / 1000


class _LastInput(ctypes.Structure):
    _fields_ = (("size", ctypes.c_uint), ("ticks", ctypes.c_uint))


def _windows_ticks() -> tuple[int, int] | None:
    windll = getattr(ctypes, "windll", None)
    if windll is None:
        return None
    last = _LastInput(ctypes.sizeof(_LastInput), 0)
    if not windll.user32.GetLastInputInfo(ctypes.byref(last)):
        return None
    return windll.kernel32.GetTickCount() & 0xFFFFFFFF, last.ticks


def _linux_desktop() -> float | None:
    return desktop_idle_seconds(_ask_desktop)


def desktop_idle_seconds(ask: Callable[[str, str, str], int | None]) -> float | None:
    """From the first desktop that answers on the session's bus."""
    for name, path, method in _DESKTOPS:
        milliseconds = ask(name, path, method)
        if milliseconds is not None:
            return milliseconds / 1000
    return None


def _ask_desktop(name: str, path: str, method: str) -> int | None:
    from jeepney import DBusAddress, MessageType, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    try:
        with open_dbus_connection(bus="SESSION") as connection:
            call = new_method_call(DBusAddress(path, bus_name=name, interface=name), method)
            answer = connection.send_and_get_reply(call, timeout=_ASK_SECONDS)
    except (OSError, KeyError, ValueError, RuntimeError) as error:  # no bus, or none that lets us in
        _log.debug("no desktop to ask: %r", error)
        return None
    if answer.header.message_type is not MessageType.method_return or not answer.body:
        return None
    return int(answer.body[0])


class OtherLoad:
    """Tells from the work of other programs how long the computer has been left alone.

    Ours does not count, or indexing would drive itself away. Judged at each call, over the time since the
    call before.
    """

    def __init__(
        self,
        busy: Callable[[], float | None] | None = None,  # seconds of processor time others have used so far
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._busy = busy or _others_busy
        self._clock = clock
        self._cores = psutil.cpu_count() or 1
        self._before: tuple[float, float] | None = None  # when, busy
        self._quiet_since: float | None = None

    def quiet_seconds(self) -> float | None:
        """0 while others work; None where processor times cannot be read."""
        now, busy = self._clock(), self._busy()
        if busy is None:
            return None
        before = self._before
        if before is not None and now - before[0] < _LOAD_SECONDS:
            return 0.0 if self._quiet_since is None else now - self._quiet_since
        self._before = (now, busy)
        if before is None:
            return 0.0
        load = (busy - before[1]) / (now - before[0]) / self._cores
        if load > _QUIET_LOAD:
            self._quiet_since = None
            return 0.0
        if self._quiet_since is None:
            self._quiet_since = before[0]
        return now - self._quiet_since


def _others_busy() -> float | None:
    """What all programs used, without what we and our helpers did."""
    try:
        times = psutil.cpu_times()
        own = psutil.Process()
        family = [own, *own.children(recursive=True)]
    except (psutil.Error, OSError, RuntimeError) as error:
        _log.info("processor times cannot be read: %s", error)
        return None
    ours = 0.0
    for process in family:
        try:
            used = process.cpu_times()
        except psutil.Error:
            continue  # it ended meanwhile
        ours += used.user + used.system
    ended = own.cpu_times()
    ours += getattr(ended, "children_user", 0.0) + getattr(ended, "children_system", 0.0)
    return float(times.user + times.system + getattr(times, "nice", 0.0)) - ours
