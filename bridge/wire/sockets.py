"""The WebSocket library, under the names the rest of this package uses.

The one module that names it: `plugins.build` turns `websockets` into the copy inside the editor's
bundle, because an editor's plugins share one interpreter and another may have brought its own
release.
"""

from __future__ import annotations

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

__all__ = [
    "ClientConnection",
    "ConnectionClosed",
    "InvalidStatus",
    "Subprotocol",
    "WebSocketException",
    "connect",
]
