"""`mahlstick models`, as a shell sees it, with a hub on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import family_names
from tests.engine.downloads.hub_server import HubServer, Repository, hub_server, weights


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with hub_server() as server:
        files = {"model_index.json": b"{}", "unet/model.safetensors": weights(1, 90_000)}
        server.repositories["painters/tiny"] = Repository(files)
        taesd = {"config.json": b"{}", "diffusion_pytorch_model.safetensors": weights(2)}
        server.repositories["madebyollin/taesd"] = Repository(taesd, licence="mit")
        yield server


class Shell:
    """Runs commands whose settings touch nothing outside a folder."""

    def __init__(self, hub: HubServer, folder: Path) -> None:
        self.models = folder / "models"
        self._settings = folder / "settings.toml"
        lines = {"models_dir": self.models, "config_dir": folder, "state_dir": folder / "state"}
        told = [f"{name} = {json.dumps(str(path))}" for name, path in lines.items()]
        self._settings.write_text("\n".join([*told, f'hub = "{hub.url}"']))
        absent = ("HF_TOKEN", "https_proxy", "HTTPS_PROXY")
        kept = {name: told for name, told in os.environ.items() if name not in absent}
        self._environment = {**kept, "COLUMNS": "300", "HF_HOME": str(folder / "hub")}

    def __call__(self, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bridge", "models", *arguments]
        return subprocess.run(
            [*command, "--settings", str(self._settings)],
            input=said,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            env=self._environment,
        )


@pytest.fixture
def shell(hub: HubServer, tmp_path: Path) -> Shell:
    return Shell(hub, tmp_path)


def test_pull_asks_for_the_licence_and_gets_the_model_when_it_is_accepted(shell: Shell) -> None:
    ended = shell("pull", "hf:painters/tiny")
    assert ended.returncode == 5
    assert "apache-2.0" in ended.stderr
    assert "--accept-licence" in ended.stderr
    ended = shell("pull", "hf:painters/tiny", "--accept-licence")
    assert ended.returncode == 0, ended.stderr
    assert str(shell.models / "tiny") in ended.stdout
    assert (shell.models / "tiny/unet/model.safetensors").is_file()
    again = shell("pull", "hf:painters/tiny")
    assert again.returncode == 0
    assert "is there already" in again.stdout


def test_pull_tells_programs_what_happens(shell: Shell) -> None:
    ended = shell("pull", "taesd", "--accept-licence", "--json")
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert {line["event"] for line in told} == {"arriving", "checking", "pulled"}
    arriving = [line for line in told if line["event"] == "arriving"]
    assert arriving[-1]["done"] == arriving[-1]["total"]
    assert told[-1]["path"] == str(shell.models / "taesd")


def test_a_name_that_nothing_has_ends_in_a_sentence_with_near_ones(shell: Shell) -> None:
    ended = shell("pull", "teasd")
    assert ended.returncode == 5
    assert "taesd" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_model_that_cannot_paint_here_is_said_before_it_comes(
    shell: Shell, hub: HubServer
) -> None:
    files = {"model_index.json": b"{}", "transformer/model.safetensors": weights(1)}
    hub.repositories["Tongyi-MAI/Z-Image-Turbo"] = Repository(files)
    ended = shell("pull", "z-image-turbo")
    assert ended.returncode == 5
    assert ("cannot paint with z-image-turbo yet" in ended.stderr) == ("flow" not in family_names())
