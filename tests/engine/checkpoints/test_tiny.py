"""Checkpoints of the real classes, in the real formats, are told without reading their weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.checkpoints.identity import identified
from tests.engine.tiny_checkpoints import latent, loras, unclip

ARCHITECTURES = ("sd1", "sd2", "sdxl", "sdxl-refiner")


@pytest.mark.parametrize("channels", [4, 9])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_folders_and_files_of_the_latent_family_are_told_alike(
    tmp_path: Path, architecture: str, channels: int
) -> None:
    folder = latent.write_folder(tmp_path / "folder", architecture, channels=channels)
    file = latent.write_file(tmp_path / "file.safetensors", architecture, channels=channels)
    told = [identified(folder), identified(file)]
    for one, layout in zip(told, ("diffusers", "original"), strict=True):
        assert (one.kind, one.family, one.architecture) == ("checkpoint", "latent", architecture)
        assert one.variant == ("inpaint" if channels == 9 else None)
        assert (one.layout, one.precision, one.reason) == (layout, "fp32", "")
    assert set(told[0].parts) == set(told[1].parts)


@pytest.mark.parametrize("naming", ["kohya", "kohya_original", "peft", "early", "comfy"])
@pytest.mark.parametrize("kind", ["sd1", "sd2", "sdxl"])
def test_loras_are_told_in_every_naming(tmp_path: Path, kind: str, naming: str) -> None:
    name: Callable[[loras.Lora], dict[str, loras.Tensor]] = getattr(loras, naming)
    path = tmp_path / "style.safetensors"
    loras.save(path, name(loras.lora(loras.parts(kind))))
    found = identified(path)
    assert (found.kind, found.architecture, found.notes) == ("lora", kind, ())
    layouts = {"kohya_original": "kohya", "early": "diffusers-old", "comfy": "original"}
    assert found.layout == layouts.get(naming, naming)
    assert "network" in found.parts
    assert "text_encoder" in found.parts


@pytest.mark.parametrize(
    ("write", "architecture", "variant", "parts"),
    [
        (unclip.write_kandinsky, "kandinsky22", None, {"unet", "movq"}),
        (unclip.write_kandinsky_prior, "kandinsky22", "prior", {"prior", "image_encoder"}),
        (unclip.write_stable_unclip, "stable-unclip", None, {"image_normalizer", "unet"}),
        (unclip.write_karlo, "karlo", None, {"decoder", "super_res_first", "super_res_last"}),
    ],
)
def test_folders_of_the_unclip_family_are_told(
    tmp_path: Path,
    write: Callable[[Path], Path],
    architecture: str,
    variant: str | None,
    parts: set[str],
) -> None:
    found = identified(write(tmp_path / "model"))
    assert (found.kind, found.family) == ("checkpoint", "unclip")
    assert (found.architecture, found.variant) == (architecture, variant)
    assert parts <= set(found.parts)
