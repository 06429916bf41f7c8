"""What the scenarios share: the built bundle, the photograph, a place for pictures to look at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plugins.build import build
from tests.editors.krita import studio
from tests.editors.presence import need

ROOT = Path(__file__).parents[3]
ARTIFACTS = ROOT / "artifacts" / "krita"
PHOTOGRAPH = ROOT / "bridge" / "demo" / "sunset.jpg"

Play = Callable[..., studio.Report]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip that a painter installs."""
    need(studio.missing_programs(), "`.ci/editors-krita.sh`")
    return build("krita", tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def photograph(tmp_path: Path) -> Mapping[str, str]:
    """The arguments that make a scenario open the demo's photograph."""
    with Image.open(PHOTOGRAPH) as picture:
        rgba = np.asarray(picture.convert("RGBA"))
    pixels = tmp_path / "photograph.bgra"
    pixels.write_bytes(rgba[..., [2, 1, 0, 3]].tobytes())
    return {"pixels": str(pixels), "width": str(rgba.shape[1]), "height": str(rgba.shape[0])}


@pytest.fixture
def play(
    bundle: Path, photograph: Mapping[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Play]:
    """Play a scenario in a fresh Krita with the photograph; its screenshots become artifacts."""

    def run(scenario: str, connection_file: Path, **arguments: str) -> studio.Report:
        variables = {"MAHLSTICK_CONNECTION": str(connection_file)}
        return studio.play(scenario, bundle, {**photograph, **arguments}, variables, tmp_path)

    yield run
    for picture in (tmp_path / "out").glob("*.png"):
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, ARTIFACTS / f"{request.node.name}-{picture.name}")
