"""The catalogue of requests that mean no good (tests/hostile.yaml), sent letter for letter over a socket."""

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from scripts.serving import ROOT

CATALOGUE = ROOT / "tests/hostile.yaml"
REPEATED = re.compile(r"\{(.+?)\*(\d+)\}", re.DOTALL)
SECONDS = 20
Status = int | str
CLOSED = "closed"


@dataclass(frozen=True)
class Hostile:
    """A request of the catalogue, and what is right to answer: statuses, or `closed` where there is no answer."""

    name: str
    request: bytes
    expect: list[Status]
    lacks: str = ""
    why: str = ""


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers with small letters in their names, and the body as it was sent."""

    status: Status
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str:
        """The value of a header; empty where there is none."""
        return next((value for known, value in self.headers if known == name), "")


def read_catalogue(path: Path = CATALOGUE) -> list[Hostile]:
    """The requests, with what is written short at its full length."""
    return [_hostile(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]


def _hostile(target: str = "", raw: str = "", headers: tuple[str, ...] = (), **about: object) -> Hostile:
    lines = [f"GET {target} HTTP/1.1", "Host: 127.0.0.1", *headers, "Connection: close", "", ""]
    text = REPEATED.sub(lambda found: found[1] * int(found[2]), raw or "\r\n".join(lines))
    # Above Latin-1 as UTF-8, which is how such an address is sent that nobody has encoded.
    return Hostile(request=b"".join(_bytes(text)), **about)  # type: ignore[arg-type]


def _bytes(text: str) -> Iterator[bytes]:
    return (letter.encode("latin-1" if ord(letter) < 256 else "utf-8") for letter in text)


def send(request: bytes, port: int, source: str = "127.0.0.1", seconds: float = SECONDS) -> Answer:
    """The answer of a server on the loopback address; TimeoutError where none comes."""
    with socket.create_connection(("127.0.0.1", port), seconds, source_address=(source, 0)) as connection:
        received = b""
        try:
            connection.sendall(request)
            while part := connection.recv(1 << 16):
                received += part
        except (ConnectionResetError, BrokenPipeError):
            pass
    return parse(received)


def parse(received: bytes) -> Answer:
    """An answer of HTTP/1.1 as it came, its body still in pieces where it was sent in pieces."""
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    status = re.match(r"HTTP/1\.[01] (\d{3})", first)
    if not status:
        return Answer(CLOSED)
    headers = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return Answer(int(status[1]), headers, body)
