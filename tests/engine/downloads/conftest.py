"""A hub on this machine, and models folders that get from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.downloads.pulling import Downloads
from engine.downloads.transfer import Means
from tests.engine.downloads.hub_server import HubServer, Repository, hub_server, weights

TINY = "painters/tiny"


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """See to it that no token and no proxy of whoever runs the tests takes part."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no-token"))


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with hub_server() as server:
        server.repositories[TINY] = Repository(
            {
                "model_index.json": b'{"_class_name": "Tiny"}',
                "unet/config.json": b'{"layers": 1}',
                "unet/diffusion_pytorch_model.safetensors": weights(1, 400_000),
                "tokenizer/merges.txt": b"a b\n",
                "README.md": b"# Tiny",
                "pickled.bin": b"x" * 5000,
                "evil.py": b"print()",
            }
        )
        yield server


Getting = Callable[..., Downloads]


@pytest.fixture
def getting(hub: HubServer, tmp_path: Path) -> Getting:
    """Return what makes downloads from that hub into a folder of this test; it never waits."""

    def made(**told: object) -> Downloads:
        means = told.pop("means", Means(rest=lambda _: None))
        folder = tmp_path / "models"
        return Downloads(folder, **{"endpoint": hub.url, "means": means, **told})  # type: ignore[arg-type]

    return made
