"""Has pictures signed by the bridge that painted them; the keys are the bridge's alone."""

from __future__ import annotations

import logging
from pathlib import Path
from urllib.parse import urlsplit

from bridge.wire.client import Client
from bridge.wire.trust import context_for

_TIMEOUT_S = 60.0
_SCHEMES = {"ws": "http", "wss": "https"}

log = logging.getLogger(__name__)


class Seal:
    """The seal of one bridge, for the results of one session."""

    def __init__(self, client: Client, origin: Path | None = None) -> None:
        """Sign what `client`'s session had painted; `origin` is the picture it was painted in."""
        address = urlsplit(client.connection.url)
        self._url = f"{_SCHEMES[address.scheme]}://{address.netloc}/sign"
        self._trust = context_for(client.connection) or True
        self._token, self._session = client.connection.token, client.session
        self._origin = origin

    def on(self, content: bytes, job: str, candidate: int) -> bytes:
        """Return a picture file signed; as it was, and a warning, where that is not to be had."""
        import httpx

        files = {"file": content}
        if self._origin is not None and self._origin.suffix.lower() in _SIGNABLE:
            files["origin"] = self._origin.read_bytes()
        texts = {"session": self._session, "job": job, "candidate": str(candidate)}
        try:
            answer = httpx.post(
                self._url,
                data=texts,
                files=files,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=_TIMEOUT_S,
                verify=self._trust,
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            log.warning("A picture is kept without a signature: %s", error)
            return content
        return answer.content


_SIGNABLE = {".png", ".jpg", ".jpeg", ".webp"}
