"""How another machine gets a token of its own: a code that is shown here and typed there.

A code is short, so it lives for minutes, is good once, and bears few wrong tries: all of them
together, whoever makes them. Of tokens only the hashes are kept: what lies in the state folder
opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bridge.errors import BridgeError
from bridge.state import write_private

FILE = "devices.json"
CODE_TTL_S = 300.0
TRIES = 5
_DIGITS = 8
_TOKEN_BYTES = 32
MAX_NAME = 100

log = logging.getLogger(__name__)


class PairingError(BridgeError):
    """A code that opens nothing; never says which of the reasons it is."""

    def __init__(self) -> None:
        super().__init__(
            "The code is wrong, was used, or is past its time. Ask the bridge for a new one with"
            " `mahlstick pair` on its machine."
        )


@dataclass(frozen=True, slots=True)
class Device:
    """A machine that was paired."""

    id: str
    name: str
    sha256: str  # of its token
    created: float  # seconds since the epoch


class Devices:
    """The paired machines of a state folder. Used from one event loop."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._devices = {device.sha256: device for device in _read(self._path)}

    def all(self) -> list[Device]:
        """Return the machines, oldest first."""
        return sorted(self._devices.values(), key=lambda device: device.created)

    def knows(self, token: bytes) -> bool:
        """Tell whether a token is a paired machine's.

        A hash of 256 random bits is looked up: how long that takes tells nothing of the token.
        """
        return hashlib.sha256(token).hexdigest() in self._devices

    def add(self, name: str, now: float) -> tuple[Device, str]:
        """Keep a new machine; return it with its token. Raises StateFolderError."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        sha256 = hashlib.sha256(token.encode()).hexdigest()
        device = Device(secrets.token_hex(4), name, sha256, now)
        self._keep({**self._devices, sha256: device})
        return device, token

    def forget(self, name: str) -> Device | None:
        """Make a machine's token useless; None when no machine has this id."""
        found = next((device for device in self._devices.values() if device.id == name), None)
        if found is not None:
            self._keep({key: kept for key, kept in self._devices.items() if kept is not found})
        return found

    def _keep(self, devices: dict[str, Device]) -> None:
        content = json.dumps([asdict(device) for device in devices.values()], indent=1)
        write_private(self._path, content.encode())
        self._devices = devices


@dataclass(slots=True)
class _Code:
    digits: str
    ends: float  # on the monotonic clock
    tries: int = TRIES


class Pairing:
    """The one code that is good at a time. Used from one event loop."""

    def __init__(
        self,
        devices: Devices,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.devices = devices
        self._clock, self._wall = clock, wall
        self._code: _Code | None = None

    def invite(self) -> str:
        """Return a new code, which takes the place of one before."""
        digits = "".join(secrets.choice("0123456789") for _ in range(_DIGITS))
        self._code = _Code(digits, self._clock() + CODE_TTL_S)
        log.info("A pairing code was made.")
        return digits

    def redeem(self, digits: str, name: str) -> tuple[Device, str]:
        """Return the machine that the right code pairs, and its token; raises PairingError.

        Raises StateFolderError when it cannot be kept; the code is used up nevertheless.
        """
        code = self._code
        if code is None or self._clock() >= code.ends:
            self._code = None
            log.warning("A pairing was tried without a code being good.")
            raise PairingError
        code.tries -= 1
        right = hmac.compare_digest(digits.encode("utf-8", "replace"), code.digits.encode())
        if right or code.tries <= 0:
            self._code = None
        if not right:
            log.warning("A wrong pairing code was tried; %d tries are left.", code.tries)
            raise PairingError
        device, token = self.devices.add(name, self._wall())
        log.info("A machine was paired: %s.", device.id)
        return device, token


def _read(path: Path) -> list[Device]:
    try:
        return [Device(**kept) for kept in json.loads(path.read_bytes())]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        # Nobody gets in who should not; who should is paired again.
        log.warning("The paired machines in %s cannot be read: %s", path, error)
        return []
