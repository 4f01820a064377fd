"""Fetching one picture: from a server on this machine, which only tests may reach."""

import http.server
import threading
from collections.abc import Callable, Iterator

import pytest

from app.domain.progress import CancelToken
from app.errors import CancelledError, FetchError
from app.services import fetch
from app.services.fetch import PictureFetcher, is_public

PICTURE = b"\x89PNG pretend" * 1000


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        name = self.path.partition("?")[0].strip("/").partition("/")[0] or "picture"
        getattr(self, name)()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def reply(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Connection": "close", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def picture(self) -> None:
        self.reply(
            200, {"Content-Type": "image/png; charset=x", "Content-Length": str(len(PICTURE))}, PICTURE
        )

    def streamed(self) -> None:
        self.reply(200, {"Content-Type": "image/png"}, PICTURE)

    def page(self) -> None:
        self.reply(200, {"Content-Type": "text/html", "Content-Length": "2"}, b"hi")

    def untold(self) -> None:
        self.reply(200, {"Content-Length": "2"}, b"hi")

    def missing(self) -> None:
        self.reply(404, {"Content-Length": "0"})

    def huge(self) -> None:
        self.reply(200, {"Content-Type": "image/png", "Content-Length": "60000000"})

    def broken_off(self) -> None:
        self.reply(200, {"Content-Type": "image/png", "Content-Length": "100"}, b"half")

    def moved(self) -> None:
        self.reply(302, {"Location": "/picture/after%20moving.png", "Content-Length": "0"})

    def nowhere(self) -> None:
        self.reply(302, {"Content-Length": "0"})

    def loop(self) -> None:
        self.reply(301, {"Location": "/loop", "Content-Length": "0"})

    def silent(self) -> None:
        self.server.released.wait(20)

    def trickle(self) -> None:
        self.reply(200, {"Content-Type": "image/png"}, b"a")
        while not self.server.released.wait(0.02):
            try:
                self.wfile.write(b"a")
                self.server.trickled.set()
            except OSError:
                return

    def gibberish(self) -> None:
        self.wfile.write(b"\x00\x01 no protocol at all\r\n\r\n")


@pytest.fixture(scope="module")
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.seen, made.released, made.trickled = [], threading.Event(), threading.Event()
    thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield made
    made.released.set()
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def url(server) -> Callable[[str], str]:
    return lambda path: f"http://127.0.0.1:{server.server_address[1]}/{path}"


@pytest.fixture
def fetcher() -> PictureFetcher:
    return PictureFetcher(allow_private=True, timeout=10)


@pytest.mark.parametrize("path", ["picture/a.png", "streamed/a.png"])
def test_a_picture_is_fetched_with_its_name(fetcher, url, path):
    image = fetcher.fetch(f"  {url(path)}?size=large ")

    assert (image.data, image.name) == (PICTURE, "a.png")


def test_names_and_queries_in_any_script_arrive(fetcher, url, server):
    image = fetcher.fetch(url("picture/Fjäll und Meer.png?q=å b"))

    assert image.name == "Fjäll und Meer.png"
    assert server.seen[-1][0] == "/picture/Fj%C3%A4ll%20und%20Meer.png?q=%C3%A5%20b"


def test_nothing_is_told_about_the_user(fetcher, url, server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # nobody there: a proxy would fail

    fetcher.fetch(url("picture").replace("http://", "http://me:secret@"))

    headers = {name.lower() for name in server.seen[-1][1]}
    assert headers == {"host", "user-agent", "accept", "accept-encoding"}


def test_a_redirect_is_followed(fetcher, url):
    assert fetcher.fetch(url("moved")).name == "after moving.png"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("page", "no picture at this address but text/html"),
        ("untold", "no picture at this address"),
        ("missing", "refused: 404 Not Found"),
        ("huge", "larger than 50 MB"),
        ("broken_off", "could not be fetched"),
        ("nowhere", "without saying where"),
        ("loop", "without end"),
        ("gibberish", "could not be fetched"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(fetcher, url, path, reason):
    with pytest.raises(FetchError, match=reason):
        fetcher.fetch(url(path))


def test_a_stream_without_a_length_is_cut_off_when_it_grows_too_large(fetcher, url, monkeypatch):
    monkeypatch.setattr(fetch, "_MAX_BYTES", 5000)

    with pytest.raises(FetchError, match="larger than"):
        fetcher.fetch(url("streamed"))


def test_a_server_that_says_nothing_is_given_up(url):
    with pytest.raises(FetchError, match="did not answer in time"):
        PictureFetcher(allow_private=True, timeout=0.1).fetch(url("silent"))


def test_a_server_that_sends_a_byte_now_and_then_is_given_up(url):
    with pytest.raises(FetchError, match="did not answer in time"):
        PictureFetcher(allow_private=True, timeout=10, longest=0.3).fetch(url("trickle"))


def test_fetching_can_be_called_off(fetcher, url, server):
    token = CancelToken()
    server.trickled.clear()
    stopper = threading.Thread(target=lambda: (server.trickled.wait(20), token.cancel()))
    stopper.start()

    with pytest.raises(CancelledError):
        fetcher.fetch(url("trickle"), token)
    stopper.join()


@pytest.mark.parametrize(
    "address",
    ["", "photo.jpg", "file:///etc/passwd", "ftp://a.org/b.png", "http://", "http://[::1", "http://a.org:x/"],
)
def test_only_web_addresses_are_fetched(address):
    with pytest.raises(FetchError, match="address"):
        PictureFetcher().fetch(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "10.1.2.3",
    ],
)
def test_private_hosts_are_refused_however_they_are_written(host, server):
    before = len(server.seen)

    with pytest.raises(FetchError, match=r"not on the public internet|no way to"):
        PictureFetcher().fetch(f"http://{host}:{server.server_address[1]}/picture")
    assert len(server.seen) == before


def test_a_redirect_to_a_private_host_is_refused(url, monkeypatch):
    hosts = iter([True, False])
    monkeypatch.setattr(fetch, "is_public", lambda ip: next(hosts))

    with pytest.raises(FetchError, match="not on the public internet"):
        PictureFetcher().fetch(url("moved"))


def test_a_host_that_is_not_there_is_said_in_plain_words():
    with pytest.raises(FetchError, match=r"no way to photos\.invalid"):
        PictureFetcher().fetch("http://photos.invalid/a.png")


def test_a_server_that_cannot_prove_its_name_is_refused(fetcher, url):
    with pytest.raises(FetchError, match="cannot prove"):
        fetcher.fetch(url("picture").replace("http://", "https://"))


@pytest.mark.parametrize("ip", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_public_addresses(ip):
    assert is_public(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:192.168.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_that_are_nobody_elses_business(ip):
    assert not is_public(ip)
