"""The painter's own upscaling networks, by the names of their files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine import Control, Engine, Mode, ModelError, Painted, PaintRequest, Pixels
from engine.plugins import Extensions
from engine.tools import chosen_tools
from engine.upscalers.files import UpscalerFiles
from tests.engine.upscalers.networks.files import FIRST, flattened, keeping, rrdb, written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path / "4x-Blocks.safetensors", keeping(4))
    written(tmp_path / "more" / "2x_dense.safetensors", flattened(rrdb(ups=1), FIRST))
    written(tmp_path / "not_one.safetensors", {"layer.weight": rrdb()["hr"]["weight"]})
    (tmp_path / "broken.safetensors").write_bytes(b"\xff" * 64)
    (tmp_path / "old.pth").write_bytes(b"PK")
    return tmp_path


def asked(**more: object) -> PaintRequest:
    image = np.full((20, 30, 4), 255, np.uint8)
    image[..., :3] = np.random.default_rng(1).integers(0, 256, (20, 30, 3))
    usual = {"mode": Mode.UPSCALE, "prompt": "red", "image": image, "factor": 3.0}
    return PaintRequest(**{**usual, **more})  # type: ignore[arg-type]


def with_folder(*folders: Path) -> dict[str, dict[str, object]]:
    return {"upscalers": {"folders": [str(one) for one in folders]}}


def test_every_file_that_holds_a_network_is_one_upscaler(folder: Path) -> None:
    found = Extensions(options=with_folder(folder, folder / "missing")).upscalers
    assert sorted(found) == ["2x_dense", "4x-Blocks", "lanczos", "nearest"]


def test_no_file_takes_a_name_of_ours_and_two_of_one_name_are_told_apart(tmp_path: Path) -> None:
    written(tmp_path / "Lanczos.safetensors", keeping(4))
    written(tmp_path / "a" / "same.safetensors", keeping(2))
    written(tmp_path / "b" / "same.safetensors", keeping(4))
    found = Extensions(options=with_folder(tmp_path, tmp_path)).upscalers
    assert sorted(found) == ["Lanczos.safetensors", "b/same", "lanczos", "nearest", "same"]


def test_an_upscaler_from_a_file_enlarges_what_is_asked(folder: Path) -> None:
    extensions = Extensions(options=with_folder(folder))
    tools = chosen_tools(extensions, asked(upscaler="4x-Blocks"), Control())
    image = asked().image
    assert image is not None
    from engine import Size

    made = tools.upscale(image, Size(120, 80))
    assert np.array_equal(made, image.repeat(4, 0).repeat(4, 1))


def test_the_network_used_last_stays_loaded(folder: Path, photo: Pixels) -> None:
    from engine import Size

    files = UpscalerFiles({"upscalers": {"folders": [str(folder)]}})
    upscalers = files.mahlstick_upscalers()
    upscalers["4x-Blocks"](photo, Size(150, 110))
    (folder / "4x-Blocks.safetensors").unlink()
    upscalers["4x-Blocks"](photo, Size(150, 110))
    upscalers["2x_dense"](photo[:20, :20], Size(40, 40))
    with pytest.raises(ModelError, match="4x-Blocks"):
        upscalers["4x-Blocks"](photo, Size(150, 110))


def test_a_painting_is_enlarged_by_the_file_it_names(
    folder: Path, tiny_folder: Path, tiny_hook: str
) -> None:
    engine = Engine([tiny_folder], [tiny_hook], device="cpu", options=with_folder(folder))
    request = asked(upscaler="4x-Blocks", model="tiny", candidates=1, strength=0.1)
    (painted,) = [e for e in engine.paint(request) if isinstance(e, Painted)]
    assert painted.merged.shape == (60, 90, 4)


def test_a_broken_file_is_the_models_fault_and_not_the_plugins(
    folder: Path, tiny_folder: Path, tiny_hook: str
) -> None:
    engine = Engine([tiny_folder], [tiny_hook], device="cpu", options=with_folder(folder))
    path = folder / "4x-Blocks.safetensors"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ModelError, match="4x-Blocks"):
        list(engine.paint(asked(upscaler="4x-Blocks", model="tiny")))


def test_listing_upscalers_does_not_import_torch(folder: Path) -> None:
    code = (
        "import sys, engine; "
        f"c = engine.catalogue(options={with_folder(folder)!r}); "
        "assert '4x-Blocks' in c.upscalers, c.upscalers; "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
