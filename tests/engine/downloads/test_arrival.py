"""A model that arrives is painted with at once, by an engine that was there before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Engine, Finished, Mode, PaintRequest, RequestError, Started
from tests.engine.downloads.conftest import Getting
from tests.engine.downloads.hub_server import HubServer, Repository
from tests.engine.downloads.test_pulling import files_under, pulled
from tests.engine.tiny_checkpoints import latent


def test_a_pulled_model_paints_without_a_restart(
    hub: HubServer, getting: Getting, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    latent.write_folder(made, "sd1")
    hub.repositories["painters/small"] = Repository(files_under(made))
    downloads = getting()
    with_library = {"library": {"folder": str(downloads.folder)}}
    engine = Engine(options=with_library, device="cpu", precision="fp32")
    request = PaintRequest(
        mode=Mode.GENERATE, prompt="a moon", model="small", steps=1, candidates=1, seed=1
    )
    with pytest.raises(RequestError, match="small"):
        list(engine.paint(request))
    assert pulled(downloads, "hf:painters/small").name == "small"
    events = list(engine.paint(request))
    engine.close()
    [started] = [event for event in events if isinstance(event, Started)]
    assert started.model == "small"
    assert isinstance(events[-1], Finished)
