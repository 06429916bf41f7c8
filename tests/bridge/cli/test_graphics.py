"""Graphics cards are found without torch, and what to do about them is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bridge.cli.graphics import Build, Card, advised, cards, named, torch_build

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's files")
RTX = Card("NVIDIA", "NVIDIA GeForce RTX 4070")


def pci(root: Path, number: int, vendor: str, kind: str = "0x030000") -> None:
    device = root / f"sys/class/drm/card{number}/device"
    device.mkdir(parents=True)
    (device / "vendor").write_text(f"{vendor}\n")
    (device / "class").write_text(f"{kind}\n")


def nvidia(root: Path, name: str) -> None:
    folder = root / "proc/driver/nvidia/gpus/0000:01:00.0"
    folder.mkdir(parents=True)
    (folder / "information").write_text(f"Model: \t\t {name}\nIRQ:   \t\t 130\n")


@linux
def test_a_machine_without_a_card_has_none(tmp_path: Path) -> None:
    assert cards(tmp_path) == ()
    pci(tmp_path, 0, "0x1af4")  # a virtual one
    assert cards(tmp_path) == ()


@linux
def test_nvidias_driver_tells_the_card_by_name_and_once(tmp_path: Path) -> None:
    nvidia(tmp_path, RTX.name)
    pci(tmp_path, 1, "0x10de")
    pci(tmp_path, 0, "0x8086")
    assert cards(tmp_path) == (RTX, Card("Intel", "a graphics card by Intel"))


@linux
def test_a_card_without_its_driver_is_found_by_its_vendor(tmp_path: Path) -> None:
    pci(tmp_path, 0, "0x10de")
    assert cards(tmp_path) == (Card("NVIDIA", "a graphics card by NVIDIA"),)


@linux
def test_amds_compute_device_is_a_card(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/kfd").touch()
    pci(tmp_path, 0, "0x1002")
    assert cards(tmp_path) == (Card("AMD", "a graphics card by AMD"),)


@linux
def test_a_device_that_draws_nothing_is_no_card(tmp_path: Path) -> None:
    pci(tmp_path, 0, "0x8086", kind="0x020000")
    assert cards(tmp_path) == ()


def test_windows_names_tell_their_makers() -> None:
    names = ["NVIDIA GeForce RTX 4070", "AMD Radeon RX 7800", "Intel(R) Arc", "Remote Display"]
    assert [card.maker for card in named(names)] == ["NVIDIA", "AMD", "Intel"]


CPU = Build("2.13.0+cpu", "CPU")


@pytest.mark.parametrize(
    ("card", "library"),
    [
        (RTX, "CUDA"),
        (Card("AMD", "Radeon"), "ROCm"),
        (Card("Intel", "Arc"), "XPU"),
    ],
)
def test_a_card_beside_a_torch_for_the_processor_is_told_what_to_install(
    card: Card, library: str
) -> None:
    told = advised([card], CPU)
    assert told is not None
    found, advice = told
    assert f"{card.name}, but torch 2.13.0+cpu is a CPU build" in found
    assert f"Install torch for {library}" in advice
    assert "pytorch.org" in advice


def test_a_torch_for_another_makers_card_is_told_too() -> None:
    told = advised([Card("AMD", "Radeon")], Build("2.13.0", "CUDA"))
    assert told is not None
    assert "built for CUDA and cannot use it" in told[0]


def test_the_right_torch_that_reaches_no_card_points_at_the_driver() -> None:
    told = advised([RTX], Build("2.13.0+cu130", "CUDA"))
    assert told is not None
    assert "Install or update the NVIDIA driver" in told[1]


def test_a_card_that_torch_uses_needs_no_advice() -> None:
    build = Build("2.13.0+cu130", "CUDA", usable=RTX.name)
    assert advised([RTX], build) == (f"{RTX.name}, through CUDA", "")
    assert advised([], build) == (f"{RTX.name}, through CUDA", "")


def test_no_card_and_no_device_is_nothing_to_say() -> None:
    assert advised([], CPU) is None


def test_the_installed_torch_is_described() -> None:
    build = torch_build()
    assert build.version
    assert build.library in {"CPU", "CUDA", "ROCm", "XPU", "macOS"}
