"""Fetching one picture from the web, only when the user has just said so."""

import http.client
import ipaddress
import socket
import ssl
import time
import urllib.parse
from contextlib import closing, suppress
from dataclasses import dataclass

from app import __version__
from app.domain.progress import CancelToken
from app.domain.query import QueryImage
from app.errors import FetchError

_MAX_BYTES = 50_000_000
_MAX_REDIRECTS = 5
_TIMEOUT_SECONDS = 15.0  # of silence
_LONGEST_SECONDS = 120.0  # for everything: a server that sends a byte now and then must not hold us for ever
_BLOCK = 65_536
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Some hosts answer with a web page unless they are told that a picture is wanted.
_HEADERS = {"User-Agent": f"Photosift/{__version__}", "Accept": "image/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class _Address:
    """A web address that was taken apart and found acceptable in form."""

    scheme: str
    host: str
    port: int
    target: str  # path and query

    @property
    def name(self) -> str:
        return urllib.parse.unquote(self.target.partition("?")[0].rpartition("/")[2]) or self.host


class PictureFetcher:
    """Fetches one picture behind an address: image types only, 50 MB at most, no private addresses.

    The connection goes to the very address that was checked, so a name that resolves differently the second
    time gains nothing. Every redirect is checked the same way. No proxy, cookies, referrer or credentials.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        timeout: float = _TIMEOUT_SECONDS,
        longest: float = _LONGEST_SECONDS,
    ) -> None:
        self._allow_private = allow_private  # for tests against a local server
        self._timeout = timeout
        self._longest = longest

    def fetch(self, url: str, cancel: CancelToken | None = None) -> QueryImage:
        """Raises FetchError with the reason, CancelledError when called off."""
        watch = _Watch(cancel or CancelToken(), time.monotonic() + self._longest)
        for _ in range(_MAX_REDIRECTS + 1):
            watch.check()
            address = _take_apart(url)
            outcome = self._request(address, watch)
            if isinstance(outcome, bytes):
                return QueryImage(outcome, address.name)
            url = urllib.parse.urljoin(url, outcome)
        raise FetchError("The address leads from one place to the next without end.")

    def _request(self, address: _Address, watch: "_Watch") -> bytes | str:
        """The picture's bytes, or where the server sends us instead."""
        try:
            with closing(self._connect(address)) as connection:
                connection.request("GET", address.target, headers=_HEADERS)
                with connection.getresponse() as response:
                    return _read(response, watch)
        except TimeoutError as error:
            raise FetchError(f"{address.host} did not answer in time.") from error
        except ssl.SSLError as error:
            raise FetchError(f"{address.host} cannot prove that it is {address.host}.") from error
        except (OSError, http.client.HTTPException) as error:
            raise FetchError(f"The picture could not be fetched from {address.host}: {error}.") from error

    def _connect(self, address: _Address) -> http.client.HTTPConnection:
        """A connection to an address that was checked, with the name for the server's certificate."""
        plain = self._connected(address)
        try:
            if address.scheme == "http":
                connection = http.client.HTTPConnection(address.host, address.port)
                connection.sock = plain
            else:
                context = ssl.create_default_context()
                connection = http.client.HTTPSConnection(address.host, address.port, context=context)
                connection.sock = context.wrap_socket(plain, server_hostname=address.host)
        except BaseException:
            plain.close()
            raise
        return connection

    def _connected(self, address: _Address) -> socket.socket:
        """The first of the host's addresses that answers."""
        *others, last = self._checked_ips(address)
        for ip in others:
            with suppress(OSError):
                return socket.create_connection((ip, address.port), self._timeout)
        return socket.create_connection((last, address.port), self._timeout)

    def _checked_ips(self, address: _Address) -> list[str]:
        try:
            found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise FetchError(f"There is no way to {address.host}: are you online?") from error
        ips = [str(entry[4][0]) for entry in found]
        if not self._allow_private and not all(is_public(ip) for ip in ips):
            raise FetchError(f"{address.host} is not on the public internet, so it is not fetched.")
        return ips


@dataclass(frozen=True, slots=True)
class _Watch:
    """Knows when to stop."""

    cancel: CancelToken
    deadline: float  # of time.monotonic

    def check(self) -> None:
        self.cancel.check()
        if time.monotonic() > self.deadline:
            raise TimeoutError


def _take_apart(url: str) -> _Address:
    try:
        parts = urllib.parse.urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise FetchError("This is not a web address.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchError("Only addresses that begin with http:// or https:// are fetched.")
    target = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        target += "?" + urllib.parse.quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return _Address(parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), target)


def is_public(ip: str) -> bool:
    """Whether an IP address belongs to the public internet, also the IPv4 address inside an IPv6 one."""
    address = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _behind_nat64(address)
        if inner is not None:
            return is_public(str(inner))
        return address in _GLOBAL_UNICAST and address.is_global
    return address.is_global and not address.is_multicast


def _behind_nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None


def _read(response: http.client.HTTPResponse, watch: _Watch) -> bytes | str:
    if response.status in (301, 302, 303, 307, 308):
        location = response.getheader("Location")
        if not location:
            raise FetchError("The server sends us elsewhere without saying where.")
        return location
    if response.status != 200:
        raise FetchError(f"The server refused: {response.status} {response.reason}.")
    kind = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    if not kind.startswith("image/"):
        raise FetchError("There is no picture at this address" + (f" but {kind}." if kind else "."))
    if (response.length or 0) > _MAX_BYTES:
        raise FetchError("The picture is larger than 50 MB.")
    return _read_body(response, watch)


def _read_body(response: http.client.HTTPResponse, watch: _Watch) -> bytes:
    """`read1` returns what has come, where `read` would wait for the whole block."""
    body = bytearray()
    while block := response.read1(_BLOCK):
        watch.check()
        body += block
        if len(body) > _MAX_BYTES:
            raise FetchError("The picture is larger than 50 MB.")
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return bytes(body)
