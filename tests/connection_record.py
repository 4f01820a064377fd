"""Records every connection and name lookup that Python processes attempt, for tests of privacy.

`environment_with_record` puts a `sitecustomize` on the path that every interpreter started below loads first.
It listens to the interpreter's own audit events, so nothing written in Python goes round it.
"""

import ast
import ipaddress
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_RECORD = "PHOTOSIFT_TEST_CONNECTIONS"
_SITECUSTOMIZE = f'''
import json, os, sys

_EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
           "socket.gethostbyaddr", "socket.bind")
_started = False

def _write(event, what):
    line = json.dumps([event, what, os.getpid(), sys.argv[:3] if hasattr(sys, "argv") else []]) + "\\n"
    file = os.open(os.environ["{_RECORD}"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, line.encode())
    os.close(file)

def _hook(event, arguments):
    if event in _EVENTS:
        values = [a.decode("latin1") if isinstance(a, bytes) else a for a in arguments[-1:]]
        if event.startswith("socket.get"):
            values = [arguments[0]]
        _write(event, repr(values[0]))

sys.addaudithook(_hook)
_write("process", "")
'''


@dataclass(frozen=True, slots=True)
class Attempt:
    """A process that began, or something that one tried to reach."""

    event: str
    target: str
    pid: int
    command: str

    @property
    def leaves_the_machine(self) -> bool:
        """Whether it could reach anything but this machine itself."""
        if self.event == "process" or self.event == "socket.bind":
            return False
        address = _address(self.target)
        if address is None:  # a path in the file system: pipes between processes of this machine
            return False
        try:
            return not ipaddress.ip_address(address).is_loopback
        except ValueError:  # a name that is to be looked up
            return address not in ("localhost", "")


def environment_with_record(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The variables with which a program and all it starts record their attempts below `folder`."""
    hooks = folder / "hooks"
    hooks.mkdir(parents=True, exist_ok=True)
    (hooks / "sitecustomize.py").write_text(_SITECUSTOMIZE, encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(hooks), environment.get("PYTHONPATH", ""))))
    return {**environment, "PYTHONPATH": path, _RECORD: str(_file(folder))}


def attempts_in(folder: Path) -> list[Attempt]:
    """What was recorded so far."""
    if not _file(folder).is_file():
        return []
    lines = _file(folder).read_text(encoding="utf-8").splitlines()
    return [
        Attempt(event, target, pid, " ".join(command))
        for event, target, pid, command in map(json.loads, lines)
    ]


def _file(folder: Path) -> Path:
    return folder / "connections.jsonl"


def _address(target: str) -> str | None:
    """The host of what an audit event names: ("host", port), "host"; None for a path or bytes of one."""
    try:
        value = ast.literal_eval(target)
    except (ValueError, SyntaxError):
        return target
    if isinstance(value, tuple):
        return str(value[0])
    if value is None:
        return ""
    text = str(value)
    return None if text.startswith(("/", "\0")) else text
