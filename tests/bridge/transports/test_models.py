"""/models over HTTP, with a real bridge and a hub on this machine."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bridge.server import Parts, Ready, running
from bridge.wire.client import Client
from bridge.wire.connection import read_connection
from bridge.wire.messages import Welcome
from bridge.workers.inline import InlineWorker
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import OFFER, connect, settings_in
from tests.engine.downloads.hub_server import HubServer, Repository, hub_server, weights

PATIENCE_S = 120.0


@dataclass
class Scene:
    ready: Ready
    hub: HubServer
    models: Path
    token: str

    def ask(
        self, method: str, path: str, said: Any = None, token: str | None = None
    ) -> tuple[int, Any]:
        link = http.client.HTTPConnection("127.0.0.1", self.ready.port, timeout=PATIENCE_S)
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        body = None
        if said is not None:
            body, headers["Content-Type"] = json.dumps(said), "application/json"
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            content = answer.read()
        finally:
            link.close()
        return answer.status, json.loads(content) if content.startswith(b"{") else content

    def until(self, condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while not (found := condition()):
            assert time.monotonic() < deadline, "it never came to that"
            time.sleep(0.05)
        return found

    def over(self, pull: str) -> Any:
        told = self.ask("GET", f"/models/pulls/{pull}")[1]
        return told if told["state"] in ("done", "failed", "cancelled") else None


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    for name in ("HF_TOKEN", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    with hub_server() as hub:
        files = {"config.json": b"{}", "model.safetensors": weights(4, 50_000)}
        hub.repositories["painters/tiny"] = Repository(files)
        settings = settings_in(tmp_path, hub=hub.url)
        with running(settings, Parts(InlineWorker(FlatPainter()), offer=OFFER)) as ready:
            token = read_connection(ready.connection_file).token
            yield Scene(ready, hub, settings.models_dir, token)


def test_a_model_is_got_listed_and_removed_over_http(scene: Scene) -> None:
    assert scene.ask("GET", "/models") == (200, {"models": []})
    wish = {"name": "hf:painters/tiny", "accept_licence": True}
    status, pull = scene.ask("POST", "/models/pulls", wish)
    assert status == 202
    assert scene.until(lambda: scene.over(pull["id"]))["state"] == "done"
    assert (scene.models / "tiny" / "model.safetensors").is_file()
    [told] = scene.until(lambda: scene.ask("GET", "/models")[1]["models"])
    assert told["bytes"] > 50_000
    assert scene.ask("POST", "/models/removals", {"name": told["name"]})[0] == 200
    assert scene.ask("GET", "/models") == (200, {"models": []})
    assert list((scene.models / ".removed").rglob("*.safetensors"))
    assert scene.ask("POST", "/models/removals", {"name": told["name"]})[0] == 404


def test_a_licence_is_asked_for_and_the_sentence_comes_back(scene: Scene) -> None:
    _, pull = scene.ask("POST", "/models/pulls", {"name": "hf:painters/tiny"})
    ended = scene.until(lambda: scene.over(pull["id"]))
    assert (ended["state"], ended["reason"]) == ("failed", "licence")
    assert "apache-2.0" in ended["message"]


def test_events_tell_of_progress_until_all_is_over(scene: Scene) -> None:
    scene.ask("POST", "/models/pulls", {"name": "hf:painters/tiny", "accept_licence": True})
    status, content = scene.ask("GET", "/models/pulls/events")
    assert status == 200
    told = [
        json.loads(line.removeprefix(b"data: "))["pulls"][0]["state"]
        for line in content.splitlines()
        if line.startswith(b"data: ")
    ]
    assert told[-1] == "done"
    assert scene.ask("GET", "/models/pulls/events")[1].count(b"data:") == 1


def test_a_pull_is_cancelled_over_http(scene: Scene) -> None:
    _, pull = scene.ask("POST", "/models/pulls", {"name": "hf:painters/tiny"})
    status, told = scene.ask("DELETE", f"/models/pulls/{pull['id']}")
    assert status == 200
    assert told["state"] in ("cancelled", "failed")
    assert scene.ask("DELETE", "/models/pulls/nothing")[0] == 404
    assert scene.ask("GET", "/models/pulls/nothing")[0] == 404


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"name": "sdlx"}, 404),
        ({"name": "ftp://example.com/x.safetensors"}, 404),
        ({"name": ""}, 400),
        ({"name": 5}, 400),
        ({"name": "x" * 2001}, 400),
        ({"name": "sdxl", "update": "yes"}, 400),
        ([], 400),
    ],
)
def test_a_wish_that_means_nothing_is_a_sentence(scene: Scene, said: Any, status: int) -> None:
    answered, told = scene.ask("POST", "/models/pulls", said)
    assert answered == status
    assert told["error"]["message"].endswith(".")
    assert scene.ask("GET", "/models/pulls")[1] == {"pulls": []}


def test_the_catalogue_is_told(scene: Scene) -> None:
    told = {one["name"]: one for one in scene.ask("GET", "/models/catalogue")[1]["models"]}
    assert told["sdxl"]["repository"] == "stabilityai/stable-diffusion-xl-base-1.0"
    assert told["sd15"]["licence"]["name"] == "CreativeML Open RAIL-M"


def test_a_paired_machine_sees_models_and_does_not_fill_the_disk(scene: Scene) -> None:
    code = scene.ask("POST", "/pair/code")[1]["code"]
    paired = scene.ask("POST", "/pair", {"code": code, "name": "tablet"})[1]["token"]
    assert scene.ask("GET", "/models", token=paired)[0] == 200
    assert scene.ask("GET", "/models/catalogue", token=paired)[0] == 200
    wish = {"name": "hf:painters/tiny", "accept_licence": True}
    assert scene.ask("POST", "/models/pulls", wish, token=paired)[0] == 401
    assert scene.ask("POST", "/models/removals", {"name": "x"}, token=paired)[0] == 401
    for path in ("/models", "/models/catalogue", "/models/pulls", "/models/pulls/events"):
        assert scene.ask("GET", path, token="wrong")[0] == 401


def next_welcome(client: Client) -> Welcome:
    while True:
        message = client.receive(PATIENCE_S)
        assert message is not None, "no welcome came"
        if isinstance(message, Welcome):
            return message


def test_editors_that_are_connected_hear_of_models_that_came_and_went(scene: Scene) -> None:
    with connect(scene.ready) as client:
        assert client.welcome.obtainable == []  # the small offer of the tests has none
        wish = {"name": "hf:painters/tiny", "accept_licence": True}
        scene.ask("POST", "/models/pulls", wish)
        again = next_welcome(client)
        assert again.seq == 0
        assert "euler" in again.samplers
        assert "sdxl" in [one.name for one in again.obtainable]
        assert again.obtainable[0].gigabytes > 0
