"""Whole pulls: from a hub that is well, gone, lying or hostile, onto a disk that may be full."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.downloads.checking import QUARANTINE
from engine.downloads.events import Arriving, Checking, Pulled
from engine.downloads.pins import FILE, WORK, claimed
from engine.downloads.pulling import Downloads
from engine.downloads.transfer import Means
from engine.errors import DownloadError
from tests.engine.downloads.conftest import TINY, Getting
from tests.engine.downloads.hub_server import HubServer, Repository, sha256, weights

UNET = "unet/diffusion_pytorch_model.safetensors"
NAME = f"hf:{TINY}"


def pulled(downloads: Downloads, wanted: str = NAME, **how: Any) -> Path:
    """Return the folder of what is pulled last, its licence accepted."""
    for plan in downloads.plans(wanted, **how):
        *_, last = downloads.pull(plan, accept_licence=True)
        assert isinstance(last, Pulled)
    return last.path


def refused(downloads: Downloads, wanted: str = NAME, **how: Any) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        pulled(downloads, wanted, **how)
    assert str(caught.value).endswith(".")
    return caught.value


def files_under(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def waited_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def arrived(downloads: Downloads) -> int:
    """Return how many bytes lie in parts."""
    parts = downloads.folder.rglob(".parts/*")
    return sum(path.stat().st_size for path in parts if path.is_file())


def test_a_model_arrives_whole_and_nothing_that_runs_comes_along(
    hub: HubServer, getting: Getting
) -> None:
    folder = pulled(getting())
    stated = hub.repositories[TINY].files
    kept = {path: stated[path] for path in stated if path not in ("evil.py", "pickled.bin")}
    del kept["README.md"]
    assert files_under(folder) == kept
    assert not any("evil" in path or "pickled" in path for path in hub.paths("/painters"))


def test_progress_rises_to_the_whole_and_every_file_is_checked(
    hub: HubServer, getting: Getting
) -> None:
    downloads = getting()
    [plan] = downloads.plans(NAME)
    events = list(downloads.pull(plan, accept_licence=True))
    came = [event.done for event in events if isinstance(event, Arriving)]
    assert came == sorted(came)
    assert came[-1] == plan.bytes
    assert {e.path for e in events if isinstance(e, Checking)} == {w.path for w in plan.wishes}
    assert events[-1] == Pulled("tiny", downloads.folder / "tiny", hub.repositories[TINY].commit)


def test_what_was_stated_is_pinned(hub: HubServer, getting: Getting) -> None:
    downloads = getting()
    pulled(downloads)
    pin = downloads.ledger.pins["tiny"]
    assert (pin.source, pin.commit, pin.revision) == (NAME, "a" * 40, "main")
    content = hub.repositories[TINY].files[UNET]
    assert pin.files[UNET].sha256 == sha256(content)
    assert pin.files[UNET].bytes == len(content)


def test_a_model_that_is_there_asks_nothing_of_the_hub(hub: HubServer, getting: Getting) -> None:
    pulled(getting())
    hub.asked.clear()
    [plan] = getting().plans(NAME)
    assert plan.complete
    assert list(getting().pull(plan)) == [Pulled("tiny", getting().folder / "tiny", "a" * 40)]
    assert hub.asked == []


def test_a_licence_is_accepted_once(hub: HubServer, getting: Getting) -> None:
    downloads = getting()
    [plan] = downloads.plans(NAME)
    assert plan.licence.name == "apache-2.0"
    with pytest.raises(DownloadError, match=r"apache-2\.0") as caught:
        list(downloads.pull(plan))
    assert caught.value.reason == "licence"
    assert not (downloads.folder / "tiny").exists()
    list(downloads.pull(plan, accept_licence=True))
    hub.repositories[TINY].commit = "b" * 40
    [again] = downloads.plans(NAME, update=True)
    assert again.accepted
    assert isinstance(list(downloads.pull(again))[-1], Pulled)


PULLING = """
import sys
from pathlib import Path
from engine.downloads.pulling import Downloads

downloads = Downloads(Path(sys.argv[1]), endpoint=sys.argv[2])
for plan in downloads.plans(sys.argv[3]):
    for event in downloads.pull(plan, accept_licence=True):
        pass
"""


def test_a_pull_that_is_killed_at_its_half_goes_on_there(hub: HubServer, getting: Getting) -> None:
    downloads = getting()
    size = len(hub.repositories[TINY].files[UNET])
    hub.hold = threading.Event()
    command = [sys.executable, "-c", PULLING, str(downloads.folder), hub.url, NAME]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.getcwd()})
    waited_for(lambda: arrived(downloads) >= size // 2 or process.poll() is not None)
    process.kill()
    assert process.wait(120) != 0
    hub.hold.set()
    assert downloads.unfinished() == ["tiny"]
    assert not (downloads.folder / "tiny").exists()
    assert not list(downloads.folder.rglob("*.safetensors"))
    got, hub.hold = arrived(downloads), None
    hub.asked.clear()
    folder = pulled(downloads)
    assert (folder / UNET).read_bytes() == hub.repositories[TINY].files[UNET]
    assert [asked.get("range") for asked in hub.requests(UNET)] == [f"bytes={got}-"]
    assert not hub.requests("merges.txt"), "what was whole is not fetched again"
    assert downloads.unfinished() == []


def test_whoever_stops_asking_stops_the_pull(getting: Getting) -> None:
    downloads = getting()
    [plan] = downloads.plans(NAME)
    events = downloads.pull(plan, accept_licence=True)
    for event in events:
        if isinstance(event, Arriving) and event.path == UNET:
            break
    events.close()  # type: ignore[attr-defined]
    assert downloads.unfinished() == ["tiny"]
    assert pulled(downloads).is_dir(), "and its claim was given back"


def test_a_line_that_breaks_again_and_again_is_taken_up_again(
    hub: HubServer, getting: Getting
) -> None:
    hub.cut_after = [50_000, 10_000, 100_000, 1]
    folder = pulled(getting())
    assert (folder / UNET).read_bytes() == hub.repositories[TINY].files[UNET]
    assert len(hub.requests(UNET)) == 5


def test_bytes_that_are_not_what_was_stated_are_put_aside(hub: HubServer, getting: Getting) -> None:
    content = hub.repositories[TINY].files[UNET]
    wrong = content[:-1] + bytes([content[-1] ^ 1])
    hub.repositories[TINY].stated[UNET] = {
        "lfs": {"sha256": sha256(wrong), "size": len(wrong), "pointerSize": 1}
    }
    downloads = getting()
    error = refused(downloads)
    assert error.reason == "hash"
    assert sha256(content) in str(error)
    assert sha256(wrong) in str(error)
    [aside] = [path for path in (downloads.folder / QUARANTINE).rglob("*") if path.is_file()]
    assert str(aside) in str(error)
    assert aside.read_bytes() == content
    assert not list(downloads.folder.rglob("*.safetensors")), "nothing that could be loaded"
    assert "tiny" not in downloads.ledger.pins


def test_a_small_file_is_held_to_its_git_hash(hub: HubServer, getting: Getting) -> None:
    hub.repositories[TINY].stated["unet/config.json"] = {"blobId": "0" * 40}
    error = refused(getting())
    assert error.reason == "hash"
    assert "unet/config.json" in str(error)
    assert "0" * 40 in str(error)


def test_weights_that_are_no_safetensors_are_put_aside(hub: HubServer, getting: Getting) -> None:
    hub.repositories[TINY].files[UNET] = b"\x80\x04 a pickle" * 1000
    downloads = getting()
    error = refused(downloads)
    assert error.reason == "hash"
    assert "safetensors" in str(error)
    assert not list(downloads.folder.rglob("*.safetensors"))


def test_a_file_of_another_size_than_stated_is_not_kept(hub: HubServer, getting: Getting) -> None:
    stated = {"sha256": sha256(b"x"), "size": 1000, "pointerSize": 1}
    hub.repositories[TINY].stated[UNET] = {"lfs": stated}
    downloads = getting()
    error = refused(downloads)
    assert (error.reason, arrived(downloads)) == ("hash", 0)
    assert "1000 bytes" in str(error)


@pytest.mark.parametrize(
    "host", ["127.0.0.2", "localhost", "[::1]", "169.254.169.254", "10.255.255.1"]
)
def test_a_redirect_into_the_own_network_is_not_followed(
    hub: HubServer, getting: Getting, host: str
) -> None:
    path = f"/{TINY}/resolve/{'a' * 40}/{UNET}"
    hub.redirects[path] = f"https://{host}:{hub.port}/files/secret"
    error = refused(getting())
    assert error.reason == "address"
    assert "its own network" in str(error)
    assert not hub.requests("secret")


def test_a_redirect_without_encryption_is_not_followed(hub: HubServer, getting: Getting) -> None:
    hub.redirects[f"/{TINY}/resolve/{'a' * 40}/{UNET}"] = "http://example.com/x.safetensors"
    error = refused(getting())
    assert error.reason == "address"
    assert "https" in str(error)


def test_redirects_in_a_ring_end(hub: HubServer, getting: Getting) -> None:
    path = f"/{TINY}/resolve/{'a' * 40}/{UNET}"
    hub.redirects |= {path: "/ring", "/ring": path}
    assert refused(getting()).reason == "address"


def test_the_token_goes_to_the_hub_and_to_nobody_else(hub: HubServer, getting: Getting) -> None:
    path = f"/{TINY}/resolve/{'a' * 40}/{UNET}"
    hub.files["/cdn/unet"] = hub.repositories[TINY].files[UNET]
    hub.redirects[path] = f"http://localhost:{hub.port}/cdn/unet"
    pulled(getting(token="hf_right", hosts=frozenset({f"localhost:{hub.port}"})))
    assert {asked.get("authorization") for asked in hub.requests("/resolve/")} == {
        "Bearer hf_right"
    }
    assert [asked.get("authorization") for asked in hub.requests("/cdn/")] == [None]


def test_a_disk_without_room_is_known_before_anything_is_fetched(
    hub: HubServer, getting: Getting
) -> None:
    downloads = getting(means=Means(free_bytes=lambda _: 300_000_000 - 31_564_556))
    error = refused(downloads)
    assert error.reason == "disk"
    assert "268 MB free" in str(error)
    assert not hub.requests("/resolve/")


def test_a_disk_that_fills_up_is_a_sentence_and_keeps_what_came(
    hub: HubServer, getting: Getting
) -> None:
    def full_after_half(path: Path, mode: Any) -> Any:
        if UNET.replace("/", "--") not in path.name:
            return path.open(mode)
        return Filling(path, mode)

    downloads = getting(means=Means(opened=full_after_half, rest=lambda _: None))
    error = refused(downloads)
    assert error.reason == "disk"
    assert "full" in str(error)
    kept = arrived(downloads)
    assert kept > 0
    folder = pulled(getting())
    assert hub.requests(UNET)[-1]["range"] == f"bytes={kept}-"
    assert (folder / UNET).read_bytes() == hub.repositories[TINY].files[UNET]


class Filling:
    """A file on a disk that is full at the second write."""

    def __init__(self, path: Path, mode: Any) -> None:
        self._file, self._writes = path.open(mode), 0

    def __enter__(self) -> Filling:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, content: bytes) -> int:
        self._writes += 1
        if self._writes > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(content[:8000])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is full")
def test_a_really_full_device_is_a_sentence(hub: HubServer, getting: Getting) -> None:
    del hub  # it answers
    device = Path("/dev/full")
    full = Means(opened=lambda _path, _mode: device.open("wb", buffering=0))  # type: ignore[arg-type]
    error = refused(getting(means=full))
    assert error.reason == "disk"
    assert "models_dir" in str(error)


def test_a_gated_repository_says_what_to_do_without_a_token_and_with_a_wrong_one(
    hub: HubServer, getting: Getting
) -> None:
    hub.repositories[TINY].gated = True
    without = refused(getting())
    assert without.reason == "token"
    assert f"{hub.url}/{TINY}" in str(without)
    assert "HF_TOKEN" in str(without)
    wrong = refused(getting(token="hf_wrong"))
    assert wrong.reason == "token"
    assert "does not let your token in" in str(wrong)
    assert "hf_wrong" not in str(wrong)
    assert pulled(getting(token="hf_right")).is_dir()


def test_the_token_of_the_environment_serves(
    hub: HubServer, getting: Getting, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.repositories[TINY].gated = True
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    assert pulled(getting()).is_dir()


def test_a_secret_is_never_written_down(
    hub: HubServer, getting: Getting, caplog: pytest.LogCaptureFixture
) -> None:
    hub.files["/x.safetensors"] = weights(3)
    hosts = frozenset({"127.0.0.1"})
    downloads = getting(token="hf_right", hosts=hosts)
    with caplog.at_level("DEBUG"):
        pulled(downloads)
        pulled(downloads, f"{hub.url}/x.safetensors?token=geheim")
    written = (downloads.folder / FILE).read_text() + caplog.text
    for secret in ("hf_right", "geheim"):
        assert secret not in written
    assert "hf_right" not in repr(downloads.plans(NAME))
    assert {asked.get("authorization") for asked in hub.requests("/x.safe")} == {None}


def test_a_hub_that_is_away_is_a_sentence_and_what_is_there_needs_none(
    hub: HubServer, getting: Getting
) -> None:
    pulled(getting())
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    away = getting(endpoint=f"http://127.0.0.1:{port}")
    assert pulled(away).is_dir()
    error = refused(away, "hf:painters/another")
    assert error.reason == "unreachable"
    assert "cannot be reached" in str(error)
    assert hub.port != port


def test_being_offline_on_purpose_is_said(
    getting: Getting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    error = refused(getting())
    assert error.reason == "unreachable"
    assert "HF_HUB_OFFLINE" in str(error)


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(
    hub: HubServer, getting: Getting
) -> None:
    hub.repositories["painters/great-brush-v1"] = Repository({})
    error = refused(getting(), "hf:painters/great-brush-v2")
    assert error.reason == "unknown"
    assert "painters/great-brush-v1" in str(error)
    assert "Near it are: sdxl" in str(refused(getting(), "sdlx"))
    assert "no revision 'v9'" in str(refused(getting(), f"{NAME}@v9"))
    missing = refused(getting(), f"{NAME}:unet/diffusion.safetensors")
    assert UNET in str(missing)


def test_a_model_without_safetensors_is_refused_with_what_it_has(
    hub: HubServer, getting: Getting
) -> None:
    files = {"model.ckpt": b"x" * 9000, "pytorch_model.bin": b"y" * 9000, "config.json": b"{}"}
    hub.repositories["painters/old"] = Repository(files)
    error = refused(getting(), "hf:painters/old")
    assert error.reason == "format"
    assert ".bin" in str(error)
    assert ".ckpt" in str(error)
    assert not hub.requests("/resolve/")


def test_the_first_pull_pins_and_a_later_one_gets_the_same_or_says_that_it_changed(
    hub: HubServer, getting: Getting
) -> None:
    downloads = getting()
    folder = pulled(downloads)
    first = hub.repositories[TINY].files[UNET]
    (folder / UNET).unlink()
    hub.repositories[TINY].files[UNET] = weights(99, 400_000)
    error = refused(downloads)
    assert error.reason == "hash"
    assert "--update" in str(error)
    assert not (folder / UNET).exists()
    hub.repositories[TINY].files[UNET] = first
    hub.asked.clear()
    assert (pulled(downloads, "tiny") / UNET).read_bytes() == first
    assert len(hub.requests("/resolve/")) == 1, "only what was missing is fetched"


def test_an_update_brings_the_new_and_takes_the_old_away(hub: HubServer, getting: Getting) -> None:
    downloads = getting()
    pulled(downloads)
    old = hub.repositories[TINY].files
    files = {path: old[path] for path in old if path != "tokenizer/merges.txt"}
    hub.repositories[TINY] = Repository({**files, UNET: weights(5, 9000)}, "b" * 40)
    hub.asked.clear()
    folder = pulled(downloads, update=True)
    assert (folder / UNET).read_bytes() == weights(5, 9000)
    assert not (folder / "tokenizer/merges.txt").exists()
    assert downloads.ledger.pins["tiny"].commit == "b" * 40
    assert not hub.requests("model_index.json-"), "what stayed the same is not fetched"
    assert len(hub.requests("/resolve/")) == 1


def test_a_folder_of_the_painter_is_never_written_over(hub: HubServer, getting: Getting) -> None:
    downloads = getting()
    mine = downloads.folder / "tiny" / UNET
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"my own work")
    error = refused(downloads)
    assert error.reason == "disk"
    assert "was not pulled" in str(error)
    assert mine.read_bytes() == b"my own work"
    mine.write_bytes(hub.repositories[TINY].files[UNET])
    hub.asked.clear()
    assert pulled(downloads) == downloads.folder / "tiny"
    assert not hub.requests(UNET), "the same bytes are taken for what they are"


def test_two_of_one_name_lie_side_by_side(hub: HubServer, getting: Getting) -> None:
    hub.repositories["others/tiny"] = Repository({"tiny.safetensors": weights(8)})
    downloads = getting()
    assert pulled(downloads).name == "tiny"
    assert pulled(downloads, "hf:others/tiny").name == "others-tiny"
    assert pulled(downloads, "hf:others/tiny:tiny.safetensors").name == "others-tiny-tiny"
    assert len(downloads.ledger.pins) == 3


def test_one_model_is_got_by_one_process_at_a_time(getting: Getting) -> None:
    downloads = getting()
    with claimed(downloads.folder, "tiny"):
        assert refused(downloads).reason == "busy"
    assert pulled(downloads).is_dir()


def test_what_changed_on_the_disk_is_found(getting: Getting) -> None:
    downloads = getting()
    folder = pulled(downloads)
    assert not [e for e in downloads.verify("tiny") if isinstance(e, DownloadError)]
    content = (folder / UNET).read_bytes()
    (folder / UNET).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    (folder / "tokenizer/merges.txt").unlink()
    faults = [str(e) for e in downloads.verify("tiny") if isinstance(e, DownloadError)]
    assert len(faults) == 2
    assert any(UNET in fault and "is not what was pulled" in fault for fault in faults)
    assert any("merges.txt" in fault for fault in faults)
    with pytest.raises(DownloadError, match="was not pulled"):
        list(downloads.verify("nothing"))


def test_what_is_forgotten_is_pinned_no_more(getting: Getting) -> None:
    downloads = getting()
    pulled(downloads)
    downloads.forget("tiny")
    assert downloads.ledger.pins == {}
    assert downloads.ledger.licences, "a licence stays accepted"
    assert not (downloads.folder / WORK / "tiny").exists()


def test_a_lock_file_that_cannot_be_read_is_not_guessed_at(getting: Getting) -> None:
    downloads = getting()
    pulled(downloads)
    for content in ("{", "[]", json.dumps({"version": 9}), '{"version": 1, "models": {"x": 1}}'):
        (downloads.folder / FILE).write_text(content)
        error = refused(downloads)
        assert error.reason == "disk"
        assert FILE in str(error)
