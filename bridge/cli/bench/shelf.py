"""How soon fifty folders with five thousand model files are known, at first and ever after.

The files have the headers that such files have: of LoRAs of three sizes, checkpoints and textual
inversions. Their weights are holes, so that they take no room on the disk.
"""

from __future__ import annotations

import json
import math
import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.cli.bench.rows import Figure, Goal, figure

FOLDERS, FILES = 50, 5000
_KEPT = {"ss_output_name": "style", "ss_tag_frequency": '{"5_style": {"sky": 40, "tree": 20}}'}
_LAYERS = (
    *(f"attn{one}.{part}" for one in (1, 2) for part in ("to_q", "to_k", "to_v", "to_out.0")),
    "ff.net.0.proj",
    "ff.net.2",
)
Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Sample:
    """A kind of file: its header, its whole size, and how many of a hundred are like it."""

    header: bytes
    size: int
    share: int


def indexed(runs: int, folders: int = FOLDERS, files: int = FILES) -> Iterator[Figure]:
    """Yield seconds for the first reading, for one of an index, and for a look for changes."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        _fill(root / "models", folders, files)
        cold = [_read(root, f"cold {run}", files) for run in range(runs)]
        warm = [_read(root, "cold 0", files) for _ in range(max(runs, 3))]
        listed = [_list(root) for _ in range(max(runs, 3))]
        looks = [_look(root) for _ in range(max(runs, 3))]
    many = f"{files} model files in {folders} folders"
    yield figure(f"{many}: known at first", "s", cold, Goal(20.0))
    yield figure(f"{many}: known again", "s", warm, Goal(0.5))
    yield figure(f"{many}: listed with what paints", "s", listed, Goal(0.5))
    yield figure(f"{many}: a look for changes", "ms", looks)


def _read(root: Path, index: str, files: int) -> float:
    from engine import library

    began = time.perf_counter()
    options = {"library": {"index": str(root / f"{index}.sqlite")}}
    found = len(library([root / "models"], options).entries)
    seconds = time.perf_counter() - began
    if found != files:
        raise RuntimeError(f"{found} of {files} files were found.")
    return seconds


def _list(root: Path) -> float:
    """Return seconds until every file is known with its card or the reason against it."""
    from engine import stock

    began = time.perf_counter()
    stock([root / "models"], (), {"library": {"index": str(root / "cold 0.sqlite")}})
    return time.perf_counter() - began


def _look(root: Path) -> float:
    from engine import library

    found = library([root / "models"], {"library": {"index": str(root / "cold 0.sqlite")}})
    found.refresh()
    began = time.perf_counter()
    found.has_changed()
    return (time.perf_counter() - began) * 1000


def _fill(root: Path, folders: int, files: int) -> None:
    chance = random.Random(8)  # noqa: S311 - the same shelf every time
    samples = _samples()
    shares = [sample.share for sample in samples]
    for number in range(files):
        folder = root / f"{number % folders:03}"
        folder.mkdir(parents=True, exist_ok=True)
        sample = chance.choices(samples, shares)[0]
        with (folder / f"model {number:05}.safetensors").open("wb") as stream:
            stream.write(sample.header)
            stream.truncate(sample.size)


def _samples() -> list[_Sample]:
    return [
        *(_sample(_lora(modules), share) for modules, share in ((264, 45), (722, 15), (96, 15))),
        *(_sample(_checkpoint(blocks), share) for blocks, share in ((240, 6), (110, 4))),
        _sample({"emb_params": (8, 768)}, 10),
        _sample({"clip_l": (8, 768), "clip_g": (8, 1280)}, 5),
    ]


def _sample(shapes: Shapes, share: int) -> _Sample:
    header: dict[str, object] = {"__metadata__": _KEPT}
    place = 0
    for name, shape in shapes.items():
        end = place + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [place, end]}
        place = end
    text = json.dumps(header).encode()
    return _Sample(len(text).to_bytes(8, "little") + text, 8 + len(text) + place, share)


def _lora(modules: int) -> Shapes:
    shapes: Shapes = {}
    for number in range(modules):
        module = f"lora_unet_input_blocks_{4 + number % 5}_1_transformer_blocks_{number}_attn2_to_k"
        shapes[f"{module}.lora_down.weight"] = (16, 2048)
        shapes[f"{module}.lora_up.weight"] = (640, 16)
        shapes[f"{module}.alpha"] = ()
    return shapes


def _checkpoint(blocks: int) -> Shapes:
    network: Mapping[str, tuple[int, ...]] = {
        "input_blocks.0.0.weight": (320, 4, 3, 3),
        "label_emb.0.0.weight": (1280, 2816),
        **{
            f"output_blocks.{number % 9}.1.transformer_blocks.{number}.{layer}.weight": (640, 640)
            for number in range(blocks)
            for layer in _LAYERS
        },
    }
    return {
        **{f"model.diffusion_model.{name}": shape for name, shape in network.items()},
        "first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3),
        "conditioner.embedders.0.transformer.text_model.final_layer_norm.weight": (768,),
        "conditioner.embedders.1.model.ln_final.weight": (1280,),
    }
