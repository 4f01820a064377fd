"""A server on this machine that speaks the hub's file endpoints, and breaks in every way a test asks for.

It answers what huggingface_hub 2.4 asks for: `api/models/<id>/revision/main?blobs=true` and
`<id>/resolve/<commit>/<file>` with HEAD, ETag, X-Repo-Commit, Content-Length, Accept-Ranges and Range.
"""

import hashlib
import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

HUB_ID = "google/siglip2-tiny"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
_LFS_BYTES = 100_000  # larger files are listed with their SHA-256, as with git-lfs
_BLOCK = 1 << 14


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for, and how many bytes of a file went out."""

    method: str
    path: str
    start: int = 0  # of the range
    status: int = 200
    sent: int = 0


@dataclass
class Faults:
    """How the server misbehaves."""

    status: int = 200  # of every answer
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None  # bytes of a large file, then the connection breaks; once
    hold_after: int | None = None  # bytes of a large file, then nothing more comes until `released`
    ignore_ranges: bool = False
    missing: str = ""  # a file that is listed and not there
    extra_bytes: int = 0  # appended to every large file
    missing_bytes: int = 0  # taken from the end of every large file
    flip_a_byte: bool = False
    listed_size: int | None = None  # of the weights, instead of the true size
    silent: bool = False  # connects, and never answers


class _Server(ThreadingHTTPServer):
    """Takes it lightly when whoever asked goes away."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class FakeHub:
    """The files of one folder as a model of the hub."""

    def __init__(self, folder: Path, hub_id: str = HUB_ID) -> None:
        self.hub_id = hub_id
        self.files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
        self.files["README.md"] = b"# not for us"
        self.files["pytorch_model.bin"] = b"pickles"
        self.faults = Faults()
        self.requests: list[Request] = []
        self.held = threading.Event()  # somebody waits for the rest of a file
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def weights(self) -> bytes:
        return self.files["model.safetensors"]

    def note(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request)

    def gets_of(self, name: str) -> list[Request]:
        """Every GET of one file."""
        return [request for request in self.requests if request.path.endswith(f"/{name}")]

    def bytes_sent(self, name: str) -> int:
        return sum(request.sent for request in self.gets_of(name))

    def take_cut(self) -> int | None:
        """How many bytes until the connection breaks; the next one holds."""
        with self._lock:
            cut, self.faults.cut_after = self.faults.cut_after, None
            return cut

    def listing(self) -> dict[str, Any]:
        siblings = [self._entry(name, content) for name, content in self.files.items()]
        return {"id": self.hub_id, "modelId": self.hub_id, "sha": COMMIT, "siblings": siblings}

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _entry(self, name: str, content: bytes) -> dict[str, Any]:
        size = len(content)
        if name == "model.safetensors" and self.faults.listed_size is not None:
            size = self.faults.listed_size
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        entry: dict[str, Any] = {"rfilename": name, "size": size, "blobId": blob}
        if len(content) > _LFS_BYTES:
            sha256 = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"size": size, "sha256": sha256, "pointerSize": 134}
        return entry


@contextmanager
def serving(folder: Path) -> Iterator[FakeHub]:
    """A hub for as long as the block runs."""
    hub = FakeHub(folder)
    try:
        yield hub
    finally:
        hub.close()


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"hub": hub})


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    hub: ClassVar[FakeHub]

    def do_GET(self) -> None:
        path, faults = unquote(urlsplit(self.path).path), self.hub.faults
        if faults.silent:
            self.hub.note(Request("GET", path))
            self.hub.released.wait()
            self.close_connection = True
        elif faults.status != 200:
            self._refuse(path, faults.status, faults.headers)
        elif path in (f"/api/models/{self.hub.hub_id}/revision/main", f"/api/models/{self.hub.hub_id}"):
            self._send(path, json.dumps(self.hub.listing()).encode(), "application/json")
        elif path.startswith(f"/{self.hub.hub_id}/resolve/{COMMIT}/"):
            self._send_file(path, path.rpartition("/")[2])
        else:
            self._refuse(path, 404, {"X-Error-Code": "RepoNotFound"})

    def do_HEAD(self) -> None:
        self.do_GET()

    def _refuse(self, path: str, status: int, headers: dict[str, str]) -> None:
        self.hub.note(Request(self.command, path, status=status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, path: str, body: bytes, kind: str) -> None:
        self.hub.note(Request(self.command, path, sent=len(body)))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_file(self, path: str, name: str) -> None:
        faults = self.hub.faults
        if name not in self.hub.files or name == faults.missing:
            return self._refuse(path, 404, {"X-Error-Code": "EntryNotFound"})
        body = self._damaged(self.hub.files[name])
        start = 0 if faults.ignore_ranges else self._range_start()
        if start > len(body):
            return self._refuse(path, 416, {})
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(body) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.end_headers()
        sent = 0 if self.command == "HEAD" else self._send_blocks(body, start)
        self.hub.note(Request(self.command, path, start, 206 if start else 200, sent))
        return None

    def _send_blocks(self, body: bytes, start: int) -> int:
        large = len(body) > _LFS_BYTES
        cut = self.hub.take_cut() if large else None
        hold = self.hub.faults.hold_after if large else None
        sent = 0
        try:
            for offset in range(start, len(body), _BLOCK):
                if cut is not None and sent >= cut:
                    self.close_connection = True
                    return sent
                if hold is not None and sent >= hold:
                    self.hub.held.set()
                    self.hub.released.wait()
                self.wfile.write(body[offset : offset + _BLOCK])
                sent += len(body[offset : offset + _BLOCK])
        except OSError:  # nobody listens any more
            self.close_connection = True
        return sent

    def _damaged(self, body: bytes) -> bytes:
        faults = self.hub.faults
        if len(body) <= _LFS_BYTES:
            return body
        if faults.flip_a_byte:
            body = body[:-1] + bytes([body[-1] ^ 1])
        return body[: len(body) - faults.missing_bytes] + bytes(faults.extra_bytes)

    def _range_start(self) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(match[1]) if match else 0

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
        """Say nothing."""
