"""Headers are believed only as far as the file bears them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ModelError
from engine.checkpoints.headers import HEADER_LIMIT, TensorInfo, read_header, read_headers
from tests.engine.checkpoints.files import indexed, raw, written

SOUND = {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, 12]}


def test_a_header_says_type_shape_and_bytes_of_every_tensor(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.safetensors",
        {"w": (2, 3), "b": (4,), "s": ()},
        dtypes={"b": "F8_E4M3", "s": "F32"},
        metadata={"format": "pt"},
    )
    header = read_header(path)
    assert header.tensors == {
        "w": TensorInfo("F16", (2, 3), 12),
        "b": TensorInfo("F8_E4M3", (4,), 4),
        "s": TensorInfo("F32", (), 4),
    }
    assert header.metadata == {"format": "pt"}
    assert header.files == (path,)


def test_what_safetensors_itself_writes_is_read(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    np = pytest.importorskip("numpy")
    arrays = {"a": np.zeros((3, 5), np.float16), "b": np.zeros((0, 4), np.int64)}
    save_file(arrays, tmp_path / "a.safetensors", metadata={"made": "by them"})
    tensors = read_header(tmp_path / "a.safetensors").tensors
    assert tensors["a"] == TensorInfo("F16", (3, 5), 30)
    assert tensors["b"] == TensorInfo("I64", (0, 4), 0)


@pytest.mark.parametrize("length", [9 * 2**60, 2**64 - 1, HEADER_LIMIT + 1, 400])
def test_a_header_of_exabytes_is_refused_with_a_sentence(tmp_path: Path, length: int) -> None:
    path = raw(tmp_path / "a.safetensors", json.dumps({"w": SOUND}).encode(), length=length)
    with pytest.raises(ModelError, match=rf"claims {length} bytes.*Download it again"):
        read_header(path)


def test_a_cut_off_and_a_padded_file_are_told_apart(tmp_path: Path) -> None:
    text = json.dumps({"w": SOUND}).encode()
    with pytest.raises(ModelError, match="is cut off: its tensors take 12 bytes and it has 7"):
        read_header(raw(tmp_path / "a.safetensors", text, data=7))
    with pytest.raises(ModelError, match="longer than it says"):
        read_header(raw(tmp_path / "a.safetensors", text, data=13))


def test_an_unknown_type_is_named_with_those_that_are_known(tmp_path: Path) -> None:
    text = json.dumps({"w": {**SOUND, "dtype": "F7"}}).encode()
    with pytest.raises(ModelError, match="'w' of the type 'F7', which is not one of BOOL"):
        read_header(raw(tmp_path / "a.safetensors", text, data=12))


@pytest.mark.parametrize(
    "entry",
    [
        {},
        [],
        "F16",
        {**SOUND, "shape": [2, 4]},
        {**SOUND, "shape": [-2, -3]},
        {**SOUND, "shape": "23"},
        {**SOUND, "shape": ["2", 3]},
        {**SOUND, "shape": [2.0, 3]},
        {**SOUND, "shape": [10**4000] * 20},
        {**SOUND, "data_offsets": [12, 0]},
        {**SOUND, "data_offsets": [0]},
        {**SOUND, "data_offsets": [-12, 0]},
        {**SOUND, "data_offsets": [0.0, 12.0]},
        {**SOUND, "data_offsets": None},
        {**SOUND, "dtype": ["F16"]},
        {**SOUND, "dtype": "F32"},
    ],
)
def test_an_entry_that_does_not_add_up_is_refused(tmp_path: Path, entry: Any) -> None:
    text = json.dumps({"w": entry}).encode()
    with pytest.raises(ModelError, match="the tensor 'w' do not fit each other"):
        read_header(raw(tmp_path / "a.safetensors", text, data=12))


@pytest.mark.parametrize("second", [[0, 12], [6, 18], [13, 25]])
def test_overlaps_and_gaps_are_refused(tmp_path: Path, second: list[int]) -> None:
    text = json.dumps({"a": SOUND, "b": {**SOUND, "data_offsets": second}}).encode()
    with pytest.raises(ModelError, match="overlap or leave a gap"):
        read_header(raw(tmp_path / "a.safetensors", text, data=24))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"nope", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"[" * 200_000, "cannot be read"),
        (b'{"w": ' * 100_000, "cannot be read"),
        (b"[1]", "not a table of tensors"),
        (b'{"__metadata__": 3}', "metadata"),
    ],
    ids=["no json", "no text", "deep lists", "deep tables", "no table", "metadata"],
)
def test_what_is_no_table_of_tensors_is_refused(tmp_path: Path, text: bytes, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        read_header(raw(tmp_path / "a.safetensors", text))


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_model_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.safetensors"
    path.write_bytes(data)
    with pytest.raises(ModelError):
        read_header(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5),
        JSON
        | st.fixed_dictionaries({"dtype": JSON, "shape": JSON, "data_offsets": JSON})
        | st.fixed_dictionaries({"dtype": st.just("U8"), "shape": JSON, "data_offsets": JSON}),
        min_size=1,
        max_size=3,
    )
)
def test_no_header_raises_anything_but_a_model_error(
    tmp_path_factory: pytest.TempPathFactory, told: Any
) -> None:
    path = raw(
        tmp_path_factory.getbasetemp() / "fuzz.safetensors", json.dumps(told).encode(), data=40
    )
    with pytest.raises(ModelError):
        read_header(path)


def test_shards_are_joined_by_their_index_and_by_their_folder(tmp_path: Path) -> None:
    index = indexed(tmp_path, [{"a": (2,)}, {"b": (3,)}])
    for path in (index, tmp_path, tmp_path / "model-00002-of-00002.safetensors"):
        header = read_headers(path)
        assert sorted(header.tensors) == ["a", "b"]
        assert [file.name for file in header.files] == [
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
        ]


def test_shards_without_an_index_are_joined_by_their_numbers(tmp_path: Path) -> None:
    indexed(tmp_path, [{"a": (2,)}, {"b": (3,)}]).unlink()
    assert sorted(read_headers(tmp_path).tensors) == ["a", "b"]


@pytest.mark.parametrize("with_index", [True, False])
def test_a_missing_shard_is_named(tmp_path: Path, with_index: bool) -> None:
    index = indexed(tmp_path, [{"a": (2,)}, {"b": (3,)}])
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    if not with_index:
        index.unlink()
    with pytest.raises(ModelError, match="shard model-00002-of-00002"):
        read_headers(tmp_path)


def test_a_tensor_that_no_shard_holds_is_named(tmp_path: Path) -> None:
    index = indexed(tmp_path, [{"a": (2,)}, {"b": (3,)}])
    written(tmp_path / "model-00002-of-00002.safetensors", {"c": (3,)})
    with pytest.raises(ModelError, match="'b' is named in"):
        read_headers(index)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        "nope",
        '{"weight_map": [1]}',
        '{"weight_map": {"a": "../a.safetensors"}}',
        '{"weight_map": {"a": "a.bin"}}',
    ],
)
def test_an_index_that_is_none_or_leads_elsewhere_is_refused(tmp_path: Path, text: str) -> None:
    written(tmp_path / "a.safetensors", {"a": (1,)})
    index = tmp_path / "sub" / "model.safetensors.index.json"
    index.parent.mkdir()
    index.write_text(text)
    with pytest.raises(ModelError, match="index"):
        read_headers(index)


def test_of_a_folder_the_plain_file_is_taken_before_its_variants(tmp_path: Path) -> None:
    written(tmp_path / "model.fp16.safetensors", {"half": (1,)})
    assert list(read_headers(tmp_path).tensors) == ["half"]
    written(tmp_path / "model.safetensors", {"whole": (1,)})
    assert list(read_headers(tmp_path).tensors) == ["whole"]


def test_a_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(ModelError, match="get its safetensors edition"):
        read_headers(tmp_path)
