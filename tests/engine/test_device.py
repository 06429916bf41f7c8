"""Device, precision, threads, memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from engine import OutOfMemoryError, RequestError, Size, device

WORKING, ADVICE = Size(4096, 4096), Size(512, 512)


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_cpu_is_taken_when_asked_for_and_paints_in_fp32() -> None:
    assert device.chosen_device("cpu") == "cpu"
    assert device.chosen_precision("auto", "cpu") == "fp32"


def test_auto_takes_a_device_torch_can_use() -> None:
    assert torch.zeros(1, device=device.chosen_device("auto")).item() == 0.0


@pytest.mark.parametrize(
    ("there", "taken"),
    [(("cuda", "mps"), "cuda"), (("xpu",), "xpu"), (("mps",), "mps"), ((), "cpu")],
)
def test_auto_takes_the_fastest_kind_that_is_there(
    monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], taken: str
) -> None:
    for kind in ("cuda", "xpu", "backends.mps"):
        name = kind.rpartition(".")[2]
        monkeypatch.setattr(f"torch.{kind}.is_available", lambda name=name: name in there)
    assert device.chosen_device("auto") == taken


@pytest.mark.parametrize(
    ("kind", "has_bf16", "precision"),
    [
        ("cuda:1", True, "bf16"),
        ("cuda", False, "fp16"),
        ("xpu", True, "bf16"),
        ("xpu", False, "fp16"),
        ("mps", False, "fp16"),
        ("cpu", False, "fp32"),
    ],
)
def test_each_kind_of_device_paints_in_what_it_computes_well(
    monkeypatch: pytest.MonkeyPatch, kind: str, has_bf16: bool, precision: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda **_: has_bf16)
    monkeypatch.setattr("torch.xpu.is_bf16_supported", lambda **_: has_bf16)
    assert device.chosen_precision("auto", kind) == precision


@pytest.mark.parametrize("wanted", ["nonsense", "xla"])
def test_a_device_that_is_not_here_is_refused(wanted: str) -> None:
    with pytest.raises(RequestError, match="Use auto or cpu") as error:
        device.chosen_device(wanted)
    assert error.value.field == "device"


def test_an_unknown_precision_is_refused_with_what_there_is() -> None:
    with pytest.raises(RequestError, match="fp32, fp16, bf16"):
        device.chosen_precision("fp12", "cpu")


@pytest.mark.parametrize(("slower", "chosen"), [(True, "fp32"), (False, "bf16")])
def test_bf16_on_a_cpu_is_taken_only_where_it_is_faster(
    monkeypatch: pytest.MonkeyPatch, slower: bool, chosen: str
) -> None:
    seconds = {torch.bfloat16: 2.0 if slower else 0.5, torch.float32: 1.0}
    monkeypatch.setattr(device, "_seconds", seconds.__getitem__)
    assert device.chosen_precision("bf16", "cpu") == chosen


def test_the_probe_multiplies_in_the_precision_it_measures() -> None:
    assert device._seconds(torch.bfloat16) > 0.0


@pytest.mark.usefixtures("threads")
def test_threads_follow_the_plan() -> None:
    device.use_threads(1)
    assert torch.get_num_threads() == 1
    assert device.default_threads() >= 1


@pytest.mark.parametrize(
    ("working", "size"), [(Size(256, 256), 4), (Size(64, 64), 64), (Size(1024, 1024), 1)]
)
def test_batches_shrink_as_pictures_grow(working: Size, size: int) -> None:
    assert device.batch_size(working, "cpu") == size
    assert device.batch_size(working, "cuda") >= size


def test_too_large_a_tensor_becomes_our_error_and_names_a_size() -> None:
    def allocate() -> None:
        with device.memory_guard(WORKING, ADVICE):
            torch.empty(2**60)

    with pytest.raises(OutOfMemoryError, match="512x512"):
        allocate()


def test_a_devices_out_of_memory_becomes_our_error() -> None:
    def allocate() -> None:
        with device.memory_guard(WORKING, ADVICE):
            raise torch.OutOfMemoryError("CUDA")

    with pytest.raises(OutOfMemoryError, match="4096x4096"):
        allocate()


def test_other_errors_pass_the_guard_unchanged() -> None:
    def multiply() -> None:
        with device.memory_guard(WORKING, ADVICE):
            torch.zeros(2, 3) @ torch.zeros(2, 3)

    with pytest.raises(RuntimeError, match="shapes"):
        multiply()
