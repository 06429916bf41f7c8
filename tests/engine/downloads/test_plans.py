"""Addresses outside of any hub: what they are called, and what is known of their bytes."""

from __future__ import annotations

import pytest

from engine.downloads.catalogue import offered
from engine.downloads.plans import NOT_STATED
from engine.errors import DownloadError
from tests.engine.downloads.conftest import TINY, Getting
from tests.engine.downloads.hub_server import HubServer, Repository, sha256, weights
from tests.engine.downloads.test_pulling import pulled, refused

PATH = "/files/brush.safetensors"
HERE = frozenset({"127.0.0.1"})


@pytest.fixture
def address(hub: HubServer) -> str:
    hub.files[PATH] = weights(11, 300_000)
    hub.headers[PATH] = {"etag": '"one"'}
    return hub.url + PATH


def test_a_file_at_an_address_goes_into_a_folder_of_its_name(
    hub: HubServer, getting: Getting, address: str
) -> None:
    downloads = getting(hosts=HERE)
    folder = pulled(downloads, address)
    assert folder.name == "brush"
    assert (folder / "brush.safetensors").read_bytes() == hub.files[PATH]
    pin = downloads.ledger.pins["brush"]
    assert (pin.source, pin.licence.name) == (address, NOT_STATED)
    assert pin.files["brush.safetensors"].sha256 == sha256(hub.files[PATH])
    hub.asked.clear()
    assert downloads.plans(address)[0].complete
    assert downloads.plans("brush")[0].complete
    assert hub.asked == []


def test_a_server_may_say_what_its_file_is_called_but_not_where_it_goes(
    hub: HubServer, getting: Getting
) -> None:
    hub.files["/download/5"] = weights(12)
    said = 'attachment; filename="../../my brush.v2.safetensors"'
    hub.headers["/download/5"] = {"content-disposition": said}
    downloads = getting(hosts=HERE)
    folder = pulled(downloads, f"{hub.url}/download/5")
    assert folder == downloads.folder / "my-brush.v2"
    assert [path.name for path in folder.iterdir()] == ["my-brush.v2.safetensors"]


def test_a_stated_hash_is_held_to(hub: HubServer, getting: Getting, address: str) -> None:
    downloads = getting(hosts=HERE)
    assert refused(downloads, f"{address}#sha256={'0' * 64}").reason == "hash"
    assert pulled(downloads, f"{address}#sha256={sha256(hub.files[PATH])}").is_dir()


def test_another_file_at_the_same_address_is_noticed(
    hub: HubServer, getting: Getting, address: str
) -> None:
    downloads = getting(hosts=HERE)
    folder = pulled(downloads, address)
    (folder / "brush.safetensors").unlink()
    hub.files[PATH] = weights(99, 300_000)
    error = refused(downloads, address)
    assert error.reason == "hash"
    assert "at the first pull it was" in str(error)
    assert not (folder / "brush.safetensors").exists()
    assert pulled(downloads, address, update=True) == folder
    assert (folder / "brush.safetensors").read_bytes() == hub.files[PATH]


def test_only_bytes_that_are_known_to_be_the_same_are_gone_on_with(
    hub: HubServer, getting: Getting, address: str
) -> None:
    hub.cut_after = [1, 100_000]  # the first of what is asked about the file, not for it
    hub.statuses = [200, 200, *[503] * 10]
    assert refused(getting(hosts=HERE), address).reason == "unreachable"
    hub.statuses = []
    hub.headers[PATH] = {}  # whether it is the same nobody says any more
    hub.asked.clear()
    pulled(getting(hosts=HERE), address)
    assert [asked.get("range") for asked in hub.requests(PATH)] == [None, None]


@pytest.mark.parametrize(
    ("path", "reason"), [("/x.ckpt", "format"), ("/none.safetensors", "unknown")]
)
def test_what_is_no_safetensors_file_is_not_fetched(
    hub: HubServer, getting: Getting, path: str, reason: str
) -> None:
    hub.files["/x.ckpt"] = b"x" * 5000
    assert refused(getting(hosts=HERE), hub.url + path).reason == reason


def test_an_address_in_the_own_network_is_refused(getting: Getting, address: str) -> None:
    plain = refused(getting(), address.replace("127.0.0.1", "localhost"))
    assert plain.reason == "address"
    assert refused(getting(), "https://127.0.0.1:9/x.safetensors").reason == "address"


def test_a_licence_that_its_page_states_otherwise_is_noted(
    hub: HubServer, getting: Getting
) -> None:
    files = {name: b"{}" for name in offered()["taesd"].files if name.endswith(".json")}
    files["diffusion_pytorch_model.safetensors"] = weights(1)
    repository = Repository(files, licence="cc-by-nc-4.0")
    hub.repositories["madebyollin/taesd"] = repository
    [plan] = getting().plans("taesd")
    assert plan.licence.spdx == "MIT"
    assert "cc-by-nc-4.0" in plan.notes[0]
    repository.licence = "mit"
    assert getting().plans("taesd")[0].notes == ()


def test_the_revision_of_a_catalogue_entry_is_asked_for(hub: HubServer, getting: Getting) -> None:
    files = {
        "config.json": b"{}",
        "model.safetensors": weights(2),
        "preprocessor_config.json": b"{}",
    }
    hub.repositories["CompVis/stable-diffusion-safety-checker"] = Repository(files)
    pulled(getting(), "safety-checker")
    assert any("refs/pr/41" in path or "refs%2Fpr%2F41" in path for path in hub.paths("/api"))
    assert getting().plans("safety-checker")[0].complete


def test_a_hub_that_is_none_is_a_sentence(hub: HubServer, getting: Getting) -> None:
    hub.repositories[TINY].commit = "not a commit"
    error = refused(getting())
    assert error.reason == "unreachable"
    with pytest.raises(DownloadError, match="no repository"):
        getting().plans("hf:painters/none")
