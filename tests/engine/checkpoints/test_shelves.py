"""The folders of every program are found by what lies in them."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.checkpoints.library import Library, library
from engine.checkpoints.shelves import hub_cache, shelves_in, shelves_of, well_known
from tests.engine.checkpoints.files import written

SD1 = {
    "input_blocks.0.0.weight": (8, 4, 3, 3),
    "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (8, 768),
}
LORA = {"lora_unet_a.lora_down.weight": (4, 8), "lora_unet_a.lora_up.weight": (8, 4)}
EMBEDDING = {"emb_params": (2, 768)}


def found(path: Path) -> dict[str, str]:
    """Return name -> origin of everything on the shelves of a path."""
    return {one.name: one.origin for one in Library(shelves_of(path)).entries}


def test_a_plain_folder_is_searched_all_the_way_down(tmp_path: Path) -> None:
    written(tmp_path / "a.safetensors", SD1)
    written(tmp_path / "deep" / "down" / "b.safetensors", LORA)
    written(tmp_path / ".hidden" / "c.safetensors", LORA)
    assert found(tmp_path) == {"a": "folder", "b": "folder"}


def test_comfyui_and_its_extra_paths_are_found(tmp_path: Path) -> None:
    root = tmp_path / "ComfyUI"
    written(root / "models" / "checkpoints" / "sub" / "a.safetensors", SD1)
    written(root / "models" / "loras" / "b.safetensors", LORA)
    written(tmp_path / "elsewhere" / "one" / "c.safetensors", LORA)
    written(tmp_path / "elsewhere" / "two" / "d.safetensors", LORA)
    (root / "extra_model_paths.yaml").write_text(
        f"mine:\n  base_path: {tmp_path / 'elsewhere'}\n  is_default: true\n"
        "  loras: |\n    one\n    two/\n"
        "other:\n  checkpoints: nowhere\nnoise: 3\n"
    )
    expected = {"a": "ComfyUI", "b": "ComfyUI", "c": "mine", "d": "mine"}
    assert found(root) == expected
    assert found(root / "models") == expected
    assert found(root / "extra_model_paths.yaml") == {"c": "mine", "d": "mine"}


@pytest.mark.parametrize(
    "text", ["[", "a: [1", "- 1", "x", "a: &a [*a]", "!!python/object:os.system x", "\x00"]
)
def test_a_paths_file_that_is_broken_or_hostile_gives_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "extra_model_paths.yaml"
    file.write_text(text)
    assert shelves_of(file) == []


@pytest.mark.parametrize("forge", [True, False])
def test_automatic1111_and_forge_are_found(tmp_path: Path, forge: bool) -> None:
    written(tmp_path / "models" / "Stable-diffusion" / "a.safetensors", SD1)
    written(tmp_path / "models" / "Lora" / "b.safetensors", LORA)
    written(tmp_path / "embeddings" / "c.safetensors", EMBEDDING)
    written(tmp_path / "outputs" / "not-a-model.safetensors", SD1)
    if forge:
        (tmp_path / "modules_forge").mkdir()
    assert found(tmp_path) == dict.fromkeys("abc", "Forge" if forge else "AUTOMATIC1111")


def invoke_root(tmp_path: Path, paths: list[str]) -> Path:
    root = tmp_path / "invokeai"
    (root / "databases").mkdir(parents=True)
    with closing(sqlite3.connect(root / "databases" / "invokeai.db")) as connection, connection:
        connection.execute("CREATE TABLE models (id TEXT PRIMARY KEY, config TEXT NOT NULL)")
        rows = [(str(number), json.dumps({"path": path})) for number, path in enumerate(paths)]
        connection.executemany("INSERT INTO models VALUES (?, ?)", [*rows, ("x", "no json")])
    return root


def test_invokeai_is_found_with_what_its_database_points_to(tmp_path: Path) -> None:
    outside = written(tmp_path / "other disk" / "b.safetensors", LORA)
    root = invoke_root(tmp_path, ["0a1b/a.safetensors", str(outside), str(tmp_path / "gone")])
    written(root / "models" / "0a1b" / "a.safetensors", SD1)
    assert found(root) == {"a": "InvokeAI", "b": "InvokeAI"}


def test_invokeai_may_keep_its_models_elsewhere(tmp_path: Path) -> None:
    root = invoke_root(tmp_path, [])
    written(tmp_path / "big disk" / "a.safetensors", SD1)
    (root / "invokeai.yaml").write_text(f'schema_version: 4\nmodels_dir: "{tmp_path}/big disk"\n')
    assert found(root) == {"a": "InvokeAI"}


def test_a_broken_database_of_invokeai_leaves_its_folder(tmp_path: Path) -> None:
    root = invoke_root(tmp_path, [])
    (root / "databases" / "invokeai.db").write_bytes(b"no database at all" * 100)
    written(root / "models" / "a.safetensors", SD1)
    assert found(root) == {"a": "InvokeAI"}


def cached(hub: Path, name: str, revision: str, shapes: dict[str, tuple[int, ...]]) -> Path:
    """Lay out a repository as the hub's cache does: a blob, and a link to it in a snapshot."""
    repository = hub / f"models--{name.replace('/', '--')}"
    blob = written(repository / "blobs" / f"{revision}{'0' * 40}.safetensors", shapes)
    snapshot = repository / "snapshots" / revision
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").symlink_to(os.path.relpath(blob, snapshot))
    return repository


def test_the_hubs_cache_is_read_through_its_links_and_once(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    repository = cached(hub, "me/one", "aaaaaa", SD1)
    cached(hub, "me/one", "bbbbbb", LORA)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("aaaaaa")
    for path in (hub, tmp_path):
        entries = Library(shelves_of(path)).entries
        assert [(one.kind, one.origin) for one in entries] == [
            ("diffusion model", "Hugging Face cache")
        ]
        assert "aaaaaa" in str(entries[0].path)


@pytest.mark.parametrize("said", ["", "../../..", "cccccc"])
def test_a_cache_without_a_usable_reference_gives_its_newest_snapshot(
    tmp_path: Path, said: str
) -> None:
    repository = cached(tmp_path, "me/one", "aaaaaa", SD1)
    cached(tmp_path, "me/one", "bbbbbb", LORA)
    os.utime(repository / "snapshots" / "aaaaaa", (1, 1))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(said)
    assert [one.kind for one in Library(shelves_of(tmp_path)).entries] == ["lora"]


def test_the_server_of_krita_ai_diffusion_is_found(tmp_path: Path) -> None:
    written(tmp_path / "ComfyUI" / "models" / "checkpoints" / "a.safetensors", SD1)
    written(tmp_path / "models" / "loras" / "b.safetensors", LORA)
    assert found(tmp_path) == dict.fromkeys("ab", "krita-ai-diffusion")


def test_links_that_lead_back_or_nowhere_do_no_harm(tmp_path: Path) -> None:
    written(tmp_path / "a.safetensors", SD1)
    (tmp_path / "back").symlink_to(tmp_path)
    (tmp_path / "gone.safetensors").symlink_to(tmp_path / "nowhere")
    assert found(tmp_path) == {"a": "folder"}


def test_a_file_reached_in_two_ways_is_one(tmp_path: Path) -> None:
    real = written(tmp_path / "a" / "one.safetensors", SD1)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "link.safetensors").symlink_to(real)
    (tmp_path / "b" / "hard.safetensors").hardlink_to(real)
    (tmp_path / "c").symlink_to(tmp_path / "a")
    assert found(tmp_path) == {"one": "folder"}


def test_a_group_of_paths_takes_lines_lists_and_single_names(tmp_path: Path) -> None:
    table = {"base_path": "sub", "loras": ["a", "/b"], "vae": "c\n d \n", "is_default": True}
    shelves = [str(shelf.path) for shelf in shelves_in(table, tmp_path, "mine")]
    sub = str(tmp_path / "sub")
    assert shelves == [f"{sub}/a", "/b", f"{sub}/c", f"{sub}/d"]


def test_well_known_places_are_offered_where_they_hold_something(tmp_path: Path) -> None:
    (tmp_path / "ComfyUI" / "models").mkdir(parents=True)
    (tmp_path / "stable-diffusion-webui").mkdir()
    data = tmp_path / "data"
    (data / "krita" / "ai_diffusion" / "server" / "ComfyUI").mkdir(parents=True)
    offered = well_known(tmp_path, {"XDG_DATA_HOME": str(data)})
    assert offered == [tmp_path / "ComfyUI", data / "krita" / "ai_diffusion" / "server"]


def test_the_hubs_cache_is_where_its_variables_say(tmp_path: Path) -> None:
    assert hub_cache(tmp_path, {}) == tmp_path / ".cache" / "huggingface" / "hub"
    assert hub_cache(tmp_path, {"HF_HOME": "/x"}) == Path("/x/hub")
    assert hub_cache(tmp_path, {"HF_HUB_CACHE": "/y", "HF_HOME": "/x"}) == Path("/y")


def test_well_known_places_are_used_only_when_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    written(tmp_path / "ComfyUI" / "models" / "loras" / "a.safetensors", LORA)
    assert library([], {}, {}).entries == ()
    assert list(library([], {"library": {"well_known": True}}, {}).loras) == ["a"]


def test_settings_name_our_folder_first_and_groups_of_paths(tmp_path: Path) -> None:
    written(tmp_path / "ours" / "a.safetensors", LORA)
    written(tmp_path / "studio" / "L" / "b.safetensors", LORA)
    told = {
        "folder": str(tmp_path / "ours"),
        "paths": {"studio": {"base_path": str(tmp_path / "studio"), "loras": "L"}},
    }
    found = library([], {"library": told})
    assert [(one.name, one.origin) for one in found.entries] == [
        ("a", "Mahlstick"),
        ("b", "studio"),
    ]
