"""Headers of safetensors files: each tensor's type, shape and place, checked before believed.

A file is hostile until its header has been checked against the file's own size: lengths of
exabytes, tensors beyond the end, overlapping or missing bytes, unknown types and paths that lead
out of the folder each end in a ModelError with a sentence, and not one weight is read for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import ModelError

HEADER_LIMIT = 16 * 2**20  # bytes; the largest published checkpoints need a tenth of it
MAX_DIMENSIONS = 16  # of a tensor; more, and the product of huge sides could take minutes
INDEX_SUFFIX = ".safetensors.index.json"
BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8"), 8),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
}
_SHARD = re.compile(r"^(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.safetensors$")
_WHOLE = ("diffusion_pytorch_model", "model")  # what diffusers and transformers call a part's file


class TensorInfo(NamedTuple):
    """What a header says of one tensor; `bytes` is what it takes in the file.

    A named tuple as it is made ten million times for a full shelf, where a dataclass costs thrice.
    """

    dtype: str
    shape: tuple[int, ...]
    bytes: int


class TensorTable(dict[str, TensorInfo]):
    """Tensors by name; `text` has all the names, one a line, to search them at once."""

    @cached_property
    def text(self) -> str:
        """Every name behind a line feed."""
        return "\n" + "\n".join(self)


@dataclass(frozen=True, slots=True)
class Header:
    """The tensors of a file, or of all the shards that make one, and what is written beside them.

    `files` are the safetensors files that hold them, `path` is what was asked for.
    """

    path: Path
    tensors: TensorTable
    metadata: Mapping[str, str]
    files: tuple[Path, ...] = ()


def read_header(path: Path) -> Header:
    """Return the checked header of one safetensors file; ModelError says what is wrong with it."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if size < 8 or length > min(HEADER_LIMIT, size - 8):
                raise ModelError(
                    f"{path} is not a usable safetensors file: its header claims {length} bytes, "
                    f"the file has {size}, and {HEADER_LIMIT} are accepted. Download it again."
                )
            text = stream.read(length)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}). Check its rights.") from error
    told = _table(path, text)
    metadata = _metadata(path, told.pop("__metadata__", None))
    return Header(path, _tensors(path, told, size - 8 - length), metadata, (path,))


def read_headers(path: Path) -> Header:
    """Return the joined header of a model in one file, of an index with its shards, or of a folder.

    Of a folder, the file or index of the part that lies in it is taken: the plain one before its
    fp16 or other variants. Raises ModelError, naming a shard or tensor that is missing.
    """
    if path.is_dir():
        return _of_folder(path)
    if path.name.endswith(INDEX_SUFFIX):
        return _of_index(path)
    return _of_siblings(path) if _SHARD.match(path.name) else read_header(path)


def weights_in(folder: Path) -> Path | None:
    """Return the index or file that holds a part's weights in its folder, None where none does."""
    names = sorted(entry.name for entry in folder.iterdir())
    indices = [name for name in names if name.endswith(INDEX_SUFFIX)]
    single = [name for name in names if name.endswith(".safetensors") and not _SHARD.match(name)]
    shards = [name for name in names if _SHARD.match(name)]
    # Shards without an index come last, and an index before the variants of a whole file.
    ranked = sorted([*indices, *single], key=_rank) + shards[:1]
    return folder / ranked[0] if ranked else None


def _rank(name: str) -> tuple[int, str]:
    stem = name.removesuffix(INDEX_SUFFIX).removesuffix(".safetensors")
    if stem in _WHOLE:
        return 0, name
    return (1 if stem.split(".")[0] in _WHOLE else 2), name


def _of_folder(folder: Path) -> Header:
    found = weights_in(folder)
    if found is None:
        raise ModelError(
            f"{folder} has no .safetensors file. Other formats can run code when they are read "
            "and are not accepted: convert the model, or get its safetensors edition."
        )
    return read_headers(found)


def _of_index(index: Path) -> Header:
    try:
        if index.stat().st_size > HEADER_LIMIT:
            raise ModelError(f"{index} is larger than {HEADER_LIMIT} bytes. Download it again.")
        told = json.loads(index.read_bytes())
        placed = {str(name): str(file) for name, file in told["weight_map"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(
            f"The index {index} cannot be read ({error}). Download it again."
        ) from error
    files = sorted(set(placed.values()))
    if any(Path(file).name != file or not file.endswith(".safetensors") for file in files):
        raise ModelError(
            f"The index {index} names files that are not safetensors files beside it. Get the "
            "model again, from a source you trust."
        )
    joined = _joined(index, [index.parent / file for file in files])
    missing = next((name for name in placed if name not in joined.tensors), None)
    if missing is not None:
        raise ModelError(
            f"{missing!r} is named in {index} but is not in {placed[missing]}: the shards are not "
            "of one model. Download it again."
        )
    return joined


def _of_siblings(shard: Path) -> Header:
    match = _SHARD.match(shard.name)
    assert match is not None, "only asked of shards"  # noqa: S101 - for the type checker
    index = shard.with_name(match["stem"] + INDEX_SUFFIX)
    if index.is_file():
        return _of_index(index)
    count = int(match["count"])
    names = [f"{match['stem']}-{n:05}-of-{count:05}.safetensors" for n in range(1, count + 1)]
    return _joined(shard, [shard.with_name(name) for name in names])


def _joined(path: Path, files: Iterable[Path]) -> Header:
    files = tuple(files)
    missing = next((file for file in files if not file.is_file()), None)
    if missing is not None:
        raise ModelError(
            f"The shard {missing.name} of {path} is missing: {len(files)} files belong together. "
            "Download the model again."
        )
    tensors = TensorTable()
    metadata: dict[str, str] = {}
    for file in files:
        header = read_header(file)
        tensors.update(header.tensors)
        metadata.update(header.metadata)
    return Header(path, tensors, metadata, files)


def _table(path: Path, text: bytes) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(
            f"The header of {path} cannot be read ({error}). Download it again."
        ) from error
    if not isinstance(told, dict):
        raise ModelError(f"The header of {path} is not a table of tensors. Download it again.")
    return told


def _metadata(path: Path, told: object) -> dict[str, str]:
    if told is None:
        return {}
    if not isinstance(told, dict):
        raise ModelError(f"The metadata in {path} is not a table. Download it again.")
    return {str(name): value for name, value in told.items() if isinstance(value, str)}


def _tensors(path: Path, told: dict[str, Any], size: int) -> TensorTable:
    """Return the tensors; their bytes must cover `size` bytes without a gap or an overlap."""
    tensors = TensorTable()
    places: list[tuple[int, int]] = []
    make = tuple.__new__  # what TensorInfo's own does, without the call in between
    for name, entry in told.items():
        try:
            dtype, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
            bits = BITS[dtype]
            if type(shape) is not list or len(shape) > MAX_DIMENSIONS:
                raise _unsound(path, name, entry)
            for side in shape:
                bits = bits * side if side >= 0 else -1
            length = end - start
        except (KeyError, TypeError, ValueError) as error:
            raise _unsound(path, name, entry) from error
        if bits != length * 8 or type(bits) is not int or type(length) is not int or start < 0:
            raise _unsound(path, name, entry)
        tensors[name] = make(TensorInfo, (dtype, tuple(shape), length))
        places.append((start, end))
    _check_places(path, places, size)
    return tensors


def _check_places(path: Path, places: list[tuple[int, int]], size: int) -> None:
    places.sort()
    reached = 0
    for start, end in places:
        if start != reached:
            raise ModelError(
                f"{path} is damaged: its tensors overlap or leave a gap at byte {reached} of their "
                "data. Download it again."
            )
        reached = end
    if reached != size:
        kind = "cut off" if reached > size else "longer than it says"
        raise ModelError(
            f"{path} is {kind}: its tensors take {reached} bytes and it has {size}. Download it "
            "again."
        )


def _unsound(path: Path, name: str, entry: object) -> ModelError:
    dtype = entry.get("dtype") if isinstance(entry, dict) else None
    if isinstance(dtype, str) and dtype not in BITS:
        return ModelError(
            f"{path} holds the tensor {name[:100]!r} of the type {dtype[:40]!r}, which is not one "
            f"of {', '.join(BITS)}. Download it again, or get another edition."
        )
    return ModelError(
        f"{path} is damaged: the type, shape and place it states for the tensor {name[:100]!r} "
        "do not fit each other. Download it again."
    )
