"""One GET over https, redirects followed one by one, each looked at before it is followed."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from engine.downloads.addresses import Reach, connection, origin
from engine.errors import DownloadError

MOST_HOPS = 8
_MOVED = (301, 302, 303, 307, 308)
_SAFE = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, its body still to be read; `address` is where the redirects led."""

    status: int
    headers: Mapping[str, str]  # names in small letters
    address: str
    body: http.client.HTTPResponse

    def length(self) -> int | None:
        """Return how many bytes the body has, None where the answer does not say."""
        said = self.headers.get("content-length", "")
        return int(said) if said.isdigit() else None


@contextmanager
def answered(
    address: str, headers: Mapping[str, str], reach: Reach, timeout_s: float
) -> Iterator[Answer]:
    """Yield the answer to a GET; a token goes to the address's own host only.

    Raises DownloadError for addresses that are not gone to, OSError and
    http.client.HTTPException for the troubles of networks.
    """
    asked = {"accept-encoding": "identity", "user-agent": "mahlstick", **headers}
    for _ in range(MOST_HOPS):
        link = connection(address, reach, timeout_s)
        try:
            link.request("GET", _target(address), headers=asked)
            answer = link.getresponse()
            onward = answer.getheader("location")
            if answer.status not in _MOVED or onward is None:
                told = {name.lower(): value for name, value in answer.getheaders()}
                yield Answer(answer.status, told, address, answer)
                return
        finally:
            link.close()
        there = urljoin(address, onward)
        if origin(there) != origin(address):
            asked = {name: told for name, told in asked.items() if name != "authorization"}
        address = there
    host = urlsplit(address).hostname
    raise DownloadError(
        "address", f"The address was passed on {MOST_HOPS} times, last to {host}; that is no file."
    )


def _target(address: str) -> str:
    parts = urlsplit(address)
    path = quote(parts.path or "/", safe=_SAFE)
    return f"{path}?{quote(parts.query, safe=_SAFE)}" if parts.query else path
