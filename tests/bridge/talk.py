"""What tests say to a bridge and hear from it."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, TypeVar

from bridge.offer import Offer
from bridge.server import Ready
from bridge.settings import Settings, load_settings
from bridge.wire.client import Client
from bridge.wire.connection import read_connection
from bridge.wire.messages import TERMINAL, VERSION, Hello, ServerMessage, Submit

T = TypeVar("T")
FOLDERS = ("state_dir", "config_dir", "models_dir")
OFFER = Offer(samplers=("euler",), schedules=("model",))


def settings_in(folder: Path, **flags: Any) -> Settings:
    """Return settings that touch nothing outside the folder."""
    nowhere = folder / "settings.toml"
    nowhere.touch()
    folders = {name: folder / name.removesuffix("_dir") for name in FOLDERS}
    return load_settings(nowhere, **{"port": 0, **folders, **flags})


def connect(ready: Ready, session: str | None = None, **hello: Any) -> Client:
    """Return a client of this bridge, of a new session unless one is named."""
    greeting = Hello(VERSION, "test", session or new_id(), **hello)
    return Client.open(read_connection(ready.connection_file), greeting)


def new_id() -> str:
    return str(uuid.uuid4())


def a_submit(prompt: str = "", **fields: Any) -> Submit:
    return Submit(new_id(), fields.pop("mode", "generate"), prompt=prompt, **{"seed": 5, **fields})


def hear(client: Client, timeout_s: float = 20.0) -> ServerMessage:
    message = client.receive(timeout_s)
    assert message is not None, "the bridge says nothing"
    return message


def hear_until(client: Client, kind: type[T] | tuple[type[Any], ...]) -> list[Any]:
    """Return what the bridge says up to the first message of a kind."""
    heard: list[Any] = [hear(client)]
    while not isinstance(heard[-1], kind):
        heard.append(hear(client))
    return heard


def paint(client: Client, submit: Submit) -> list[Any]:
    """Submit a job and return all that is said until its end."""
    client.send(submit)
    return hear_until(client, TERMINAL)


def of_type(messages: list[Any], kind: type[T]) -> list[T]:
    return [message for message in messages if isinstance(message, kind)]
