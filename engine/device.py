"""Which device paints, in which precision, with how many threads.

The only module that changes torch's process-wide thread count, and it does so from the plan of a
job.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from engine.api import Size
from engine.errors import OutOfMemoryError, RequestError

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_CPU_BATCH_PIXELS = 4 * 256 * 256
_GPU_BATCH_PIXELS = 4 * 1024 * 1024
_OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "not enough memory")


def chosen_device(wanted: str) -> str:
    """Return the torch device for `auto` or a name; RequestError when this machine lacks it."""
    if wanted != "auto":
        return _checked_device(wanted)
    kinds = {"cuda": torch.cuda, "xpu": torch.xpu, "mps": torch.backends.mps}  # best first
    return next((kind for kind, part in kinds.items() if part.is_available()), "cpu")


def chosen_precision(wanted: str, device: str) -> str:
    """Return fp32, fp16 or bf16. `auto` is fp32 on the CPU, on a GPU bf16 where it computes in it.

    NVIDIA's GPUs before Ampere emulate bf16: they get fp16, for which they have units. bf16 asked
    for on a CPU that is not faster with it becomes fp32: emulated it is many times slower.
    """
    if wanted == "auto":
        return _own_precision(device)
    if wanted not in DTYPES:
        raise RequestError(
            "precision",
            f"The precision {wanted!r} is unknown. There are: auto, {', '.join(DTYPES)}.",
        )
    if wanted != "fp32" and device == "cpu" and not _faster_than_fp32(DTYPES[wanted]):
        return "fp32"
    return wanted


def _own_precision(device: str) -> str:
    match device.partition(":")[0]:
        case "cuda":  # AMD's too, which torch calls the same
            return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
        case "xpu":
            return "bf16" if torch.xpu.is_bf16_supported() else "fp16"
        case "mps":
            return "fp16"
    return "fp32"


def default_threads() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def use_threads(threads: int) -> None:
    """Compute with this many threads from now on; sums depend on it, so plans record it."""
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)


def batch_size(working: Size, device: str) -> int:
    """Return how many candidates of a working size are painted together, at least 1."""
    pixels = _CPU_BATCH_PIXELS if device == "cpu" else _GPU_BATCH_PIXELS
    return max(1, pixels // (working.width * working.height))


@contextmanager
def memory_guard(working: Size, advice: Size) -> Iterator[None]:
    """Translate torch's and numpy's out of memory errors into ours, which name a size that fits."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # torch's is the former; its CPU raises it bare
        if not _is_out_of_memory(error):
            raise
        raise OutOfMemoryError(
            f"Painting {working} pixels at once does not fit into memory. A picture or selection "
            f"of {advice} would; or ask for fewer candidates."
        ) from error


def _is_out_of_memory(error: RuntimeError | MemoryError) -> bool:
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(
        phrase in str(error).lower() for phrase in _OUT_OF_MEMORY
    )


def _checked_device(wanted: str) -> str:
    try:
        torch.empty(1, device=wanted)
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch built without CUDA
        raise RequestError(
            "device", f"The device {wanted!r} cannot be used here ({error}). Use auto or cpu."
        ) from error
    return wanted


def _faster_than_fp32(dtype: torch.dtype) -> bool:
    return _seconds(dtype) < _seconds(torch.float32)


def _seconds(dtype: torch.dtype) -> float:
    """Return the best of three products of 512x512 matrices."""
    matrix = torch.ones(512, 512, dtype=dtype)
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        torch.matmul(matrix, matrix)
        best = min(best, time.perf_counter() - began)
    return best
