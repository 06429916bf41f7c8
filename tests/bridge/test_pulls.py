"""The queue of pulls: progress, cancel, failures, and going on after the bridge was ended."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge.errors import JobRefusedError
from bridge.pulls import FILE, MOST_WAITING, ModelPull, Place, Pulls
from tests.engine.downloads.hub_server import HubServer, Repository, hub_server, weights

WEIGHTS = "model.safetensors"
PATIENCE_S = 120.0


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    for name in ("HF_TOKEN", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    with hub_server() as server:
        for name in ("one", "two"):
            files = {"config.json": b"{}", WEIGHTS: weights(len(name), 200_000)}
            server.repositories[f"painters/{name}"] = Repository(files)
        yield server


class Scene:
    """Pulls into a folder, run for a while."""

    def __init__(self, hub: HubServer, folder: Path) -> None:
        self.hub, self.folder = hub, folder
        self.models = folder / "models"
        self.arrived = 0
        self.pulls = self.anew()

    def anew(self) -> Pulls:
        async def arrived() -> None:
            self.arrived += 1

        self.pulls = Pulls(self.folder / "state", Place(self.models, self.hub.url), arrived)
        return self.pulls

    async def until(self, condition: Callable[[], bool]) -> None:
        """Run the queue until a condition holds; what is under way then is ended."""
        async with asyncio.timeout(PATIENCE_S):
            task = asyncio.ensure_future(self.pulls.run())
            while not condition():
                assert not task.done(), "the queue has ended"
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def ask(self, name: str, *, accept: bool = True) -> ModelPull:
        return self.pulls.ask(name, accept_licence=accept, update=False)

    def now(self, pull: ModelPull) -> ModelPull:
        found = self.pulls.get(pull.wish.id)
        assert found is not None
        return found


@pytest.fixture
def scene(hub: HubServer, tmp_path: Path) -> Scene:
    return Scene(hub, tmp_path)


def test_models_come_one_after_the_other_and_the_catalogue_is_told(scene: Scene) -> None:
    async def run() -> None:
        first, second = scene.ask("hf:painters/one"), scene.ask("hf:painters/two")
        assert (first.state, second.state) == ("waiting", "waiting")
        await scene.until(lambda: all(pull.over for pull in scene.pulls.all))
        done = scene.now(second)
        assert done.state == "done"
        assert done.model == "two"
        assert scene.arrived == 2

    asyncio.run(run())
    assert (scene.models / "one" / WEIGHTS).is_file()
    assert json.loads((scene.folder / "state" / FILE).read_text()) == []


def test_who_asks_twice_gets_one(scene: Scene) -> None:
    async def run() -> None:
        assert scene.ask("hf:painters/one") is scene.ask("hf:painters/one")

    asyncio.run(run())


def test_a_failure_says_why_and_the_next_one_comes_all_the_same(scene: Scene) -> None:
    async def run() -> None:
        unknown, unaccepted = scene.ask("nothing"), scene.ask("hf:painters/one", accept=False)
        good = scene.ask("hf:painters/two")
        await scene.until(lambda: scene.now(good).over)
        assert (scene.now(unknown).state, scene.now(unknown).reason) == ("failed", "unknown")
        assert scene.now(unaccepted).reason == "licence"
        assert "apache-2.0" in scene.now(unaccepted).message
        assert scene.now(good).state == "done"

    asyncio.run(run())


def test_a_pull_is_cancelled_in_the_middle_and_goes_on_when_it_is_asked_for_again(
    scene: Scene,
) -> None:
    scene.hub.hold = threading.Event()

    async def run() -> None:
        pull = scene.ask("hf:painters/one")
        asked: list[asyncio.Task[ModelPull]] = []

        def cancelled() -> bool:
            if scene.now(pull).file == WEIGHTS and not asked:
                asked.append(asyncio.ensure_future(scene.pulls.cancel(pull)))
            return scene.now(pull).over and not scene.pulls.busy

        await scene.until(cancelled)
        assert (await asked[0]).state == "cancelled"
        assert scene.now(pull).state == "cancelled"
        assert (await scene.pulls.cancel(scene.now(pull))).state == "cancelled"
        assert scene.hub.hold is not None
        scene.hub.hold.set()
        again = scene.ask("hf:painters/one")
        await scene.until(lambda: scene.now(again).over)
        assert scene.now(again).state == "done"

    asyncio.run(run())
    assert any("range" in headers for headers in scene.hub.requests(WEIGHTS))


def test_a_bridge_that_was_ended_goes_on_when_it_is_started_again(scene: Scene) -> None:
    scene.hub.hold = threading.Event()

    async def first_life() -> None:
        pull = scene.ask("hf:painters/one")
        await scene.until(lambda: scene.now(pull).file == WEIGHTS and scene.now(pull).done > 100)

    async def second_life() -> None:
        scene.anew()
        await scene.until(lambda: bool(scene.pulls.all) and scene.pulls.all[0].over)
        assert scene.pulls.all[0].state == "done"

    asyncio.run(first_life())
    assert not (scene.models / "one").exists()
    scene.hub.hold.set()
    asyncio.run(second_life())
    assert (scene.models / "one" / WEIGHTS).is_file()
    assert "range" in scene.hub.requests(WEIGHTS)[-1]


def test_too_many_wishes_are_refused(scene: Scene) -> None:
    async def run() -> None:
        for number in range(MOST_WAITING):
            scene.ask(f"hf:painters/model-{number}")
        with pytest.raises(JobRefusedError, match="50 models"):
            scene.ask("hf:painters/one-more")

    asyncio.run(run())


def test_changes_are_told_until_nothing_is_under_way(scene: Scene) -> None:
    async def run() -> None:
        pull = scene.ask("hf:painters/one")
        states: list[str] = []

        async def heard() -> None:
            states.extend([pulls[0].state async for pulls in scene.pulls.changes()])

        listening = asyncio.ensure_future(heard())
        await scene.until(lambda: scene.now(pull).over and listening.done())
        assert (states[0], states[-1]) == ("waiting", "done")
        assert {"fetching", "checking"} & set(states)

    asyncio.run(run())


@pytest.mark.parametrize("content", ["{", '[{"no": 1}]', "[3]"])
def test_wishes_that_cannot_be_read_do_not_keep_the_bridge_from_working(
    scene: Scene, content: str
) -> None:
    (scene.folder / "state").mkdir()
    (scene.folder / "state" / FILE).write_text(content)

    async def run() -> None:
        pull = scene.ask("nothing")
        await scene.until(lambda: scene.now(pull).over)

    asyncio.run(run())


def test_an_address_with_a_key_is_written_where_only_this_user_reads(scene: Scene) -> None:
    async def run() -> None:
        scene.ask("https://example.com/x.safetensors?token=geheim")

    asyncio.run(run())
    file = scene.folder / "state" / FILE
    assert "geheim" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
