"""`mahlstick models`, as a shell sees it, with a hub on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.failures import Failure
from engine import family_names
from tests.engine.downloads.hub_server import HubServer, Repository, hub_server, weights


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    for name in ("HF_TOKEN", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no-token"))
    with hub_server() as server:
        files = {"model_index.json": b"{}", "unet/model.safetensors": weights(1, 90_000)}
        server.repositories["painters/tiny"] = Repository(files)
        taesd = {"config.json": b"{}", "diffusion_pytorch_model.safetensors": weights(2)}
        server.repositories["madebyollin/taesd"] = Repository(taesd, licence="mit")
        yield server


@dataclass(frozen=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


class Shell:
    """Runs commands whose settings touch nothing outside a folder, each as a shell sees it."""

    def __init__(self, hub: HubServer, folder: Path) -> None:
        self.models = folder / "models"
        self._settings = folder / "settings.toml"
        lines = {"models_dir": self.models, "config_dir": folder, "state_dir": folder / "state"}
        told = [f"{name} = {json.dumps(str(path))}" for name, path in lines.items()]
        self._settings.write_text("\n".join([*told, f'hub = "{hub.url}"']))

    def __call__(self, *arguments: str, said: str | None = None) -> Ended:
        command = ["models", *arguments, "--settings", str(self._settings)]
        ran = CliRunner().invoke(app, command, input=said, env={"COLUMNS": "300"})
        if isinstance(ran.exception, Failure):  # what main() makes of it
            return Ended(ran.exception.exit_code, ran.stdout, f"{ran.stderr}{ran.exception}")
        assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
        return Ended(ran.exit_code, ran.stdout, ran.stderr)


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


def test_list_shows_what_is_there_and_what_is_wrong(shell: Shell) -> None:
    shell("pull", "taesd", "--accept-licence")
    (shell.models / "old.ckpt").write_bytes(b"a pickle")
    (shell.models / "broken.safetensors").write_bytes(b"\xff" * 100)
    ended = shell("list")
    assert ended.returncode == 0, ended.stderr
    assert "3 files cannot be used" in ended.stdout, "one of them a decoder that is none"
    assert "old" not in ended.stdout
    every = shell("list", "--all", "--json")
    told = {line["name"]: line for line in map(json.loads, every.stdout.splitlines())}
    assert "pickle" in told["old.ckpt"]["problem"]
    assert told["broken"]["kind"] == "refused"
    assert str(shell.models / "taesd") in {line["path"] for line in told.values()} | {
        str(Path(line["path"]).parent) for line in told.values()
    }


def test_the_catalogue_says_what_is_there_already(shell: Shell) -> None:
    shell("pull", "taesd", "--accept-licence")
    table = shell("list", "--catalogue").stdout
    assert "taesd (there)" in table
    assert "CreativeML Open RAIL++-M" in table
    lines = shell("list", "--catalogue", "--json").stdout.splitlines()
    told = {line["name"]: line for line in map(json.loads, lines)}
    assert told["taesd"]["there"]
    assert not told["sdxl"]["there"]
    assert told["sdxl"]["licence"]["url"].startswith("https://")


def test_info_tells_of_what_is_there_and_of_what_could_be(shell: Shell) -> None:
    shell("pull", "hf:painters/tiny", "--accept-licence")
    told = json.loads(shell("info", "tiny", "--json").stdout)
    assert told["there"]
    assert (told["source"], told["commit"]) == ("hf:painters/tiny", "a" * 40)
    assert "apache-2.0" in told["licence"]
    offer = shell("info", "sdxl").stdout
    assert "there: False" in offer
    assert "stabilityai/stable-diffusion-xl-base-1.0" in offer
    assert shell("info", "tyni").returncode == 2


def test_verify_finds_what_changed(shell: Shell) -> None:
    shell("pull", "hf:painters/tiny", "--accept-licence")
    assert shell("verify").returncode == 0
    file = shell.models / "tiny/unet/model.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    ended = shell("verify", "tiny")
    assert ended.returncode == 5
    assert "unet/model.safetensors of tiny is not what was pulled" in ended.stdout


def test_remove_puts_into_the_trash_and_the_trash_is_emptied_on_request(shell: Shell) -> None:
    shell("pull", "hf:painters/tiny", "--accept-licence")
    assert shell("remove", "tiny").returncode == 2, "not without being asked or told"
    assert (shell.models / "tiny").is_dir()
    ended = shell("remove", "tiny", "--yes")
    assert ended.returncode == 0, ended.stderr
    assert not (shell.models / "tiny").exists()
    assert list((shell.models / ".removed").rglob("*.safetensors"))
    assert "tiny" not in json.loads((shell.models / "models.lock.json").read_text())["models"]
    assert shell("remove", "--empty-trash").returncode == 0
    assert not list(shell.models.rglob("*.safetensors"))
    assert shell("pull", "hf:painters/tiny").returncode == 0, "its licence was accepted before"


def test_move_says_when_nobody_looks_there(shell: Shell, tmp_path: Path) -> None:
    shell("pull", "hf:painters/tiny", "--accept-licence")
    ended = shell("move", "tiny", str(tmp_path / "elsewhere"))
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "elsewhere/tiny/unet/model.safetensors").is_file()
    assert "No folder of the setting models" in ended.stdout
    assert not (shell.models / "tiny").exists()


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have somebody sit at the terminal."""
    for name in ("pulling", "keeping"):
        module = import_module(f"bridge.cli.models.{name}")
        monkeypatch.setattr(module, "somebody_is_there", lambda: True)


@pytest.mark.usefixtures("painter")
def test_a_painter_is_shown_the_licence_and_asked_once(shell: Shell) -> None:
    refused = shell("pull", "hf:painters/tiny", said="n\n")
    assert refused.returncode == 5
    assert "Licence: apache-2.0, http" in refused.stderr
    assert not (shell.models / "tiny").exists()
    assert shell("pull", "hf:painters/tiny", said="y\n").returncode == 0
    assert (shell.models / "tiny").is_dir()


@pytest.mark.usefixtures("painter")
def test_a_painter_is_asked_for_a_token_which_is_not_shown(shell: Shell, hub: HubServer) -> None:
    hub.repositories["painters/tiny"].gated = True
    ended = shell("pull", "hf:painters/tiny", "--accept-licence", said="hf_right\n")
    assert ended.returncode == 0, ended.stderr
    assert "Accept its terms at" in ended.stderr
    assert "hf_right" not in ended.stdout + ended.stderr
    assert (shell.models / "tiny").is_dir()


@pytest.mark.usefixtures("painter")
def test_a_painter_is_asked_before_anything_is_removed(shell: Shell) -> None:
    shell("pull", "hf:painters/tiny", "--accept-licence")
    assert shell("remove", "tiny", said="n\n").returncode == 1
    assert (shell.models / "tiny").is_dir()
    assert shell("remove", "tiny", said="y\n").returncode == 0
    assert not (shell.models / "tiny").exists()
