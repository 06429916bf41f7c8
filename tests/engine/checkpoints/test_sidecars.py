"""Names, trigger words and pictures come from headers and from files beside them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from engine.checkpoints.library import Library, ModelFile
from engine.checkpoints.portraits import portrait_of
from engine.checkpoints.shelves import Shelf
from tests.engine.checkpoints.files import written

LORA = {"lora_unet_a.lora_down.weight": (4, 8), "lora_unet_a.lora_up.weight": (8, 4)}
PNG = b"\x89PNG not really"


def read(folder: Path, metadata: dict[str, str] | None = None) -> ModelFile:
    written(folder / "a.safetensors", LORA, metadata=metadata)
    return Library([Shelf(folder, "folder")]).entries[0]


def put(folder: Path, name: str, told: Any) -> None:
    (folder / name).write_text(told if isinstance(told, str) else json.dumps(told))


def test_the_header_tells_title_author_words_and_tags(tmp_path: Path) -> None:
    told = read(
        tmp_path,
        {
            "modelspec.title": "Ink",
            "modelspec.author": "me",
            "modelspec.license": "MIT",
            "modelspec.description": "<p>Black &amp; white</p>",
            "modelspec.trigger_phrase": "ink style, wet",
            "ss_tag_frequency": json.dumps({"5_ink": {"tree": 2, "sky": 9}, "1_x": {"tree": 8}}),
        },
    ).about
    assert (told.title, told.author, told.licence) == ("Ink", "me", "MIT")
    assert told.description == "Black & white"
    assert told.trigger_words == ("ink style", "wet")
    assert told.tags == ("tree", "sky")


def test_a_saved_page_tells_words_and_base(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.civitai.info",
        {
            "model": {"name": "Ink Wash"},
            "trainedWords": ["ink, brush", "paper"],
            "baseModel": "SDXL 1.0",
            "files": [{"hashes": {"SHA256": "AB" * 32}}],
        },
    )
    told = read(tmp_path).about
    assert (told.title, told.base) == ("Ink Wash", "SDXL 1.0")
    assert told.trigger_words == ("ink", "brush", "paper")
    assert told.stated_sha256 == "ab" * 32


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("a.metadata.json", {"civitai": {"trainedWords": ["ink"]}}),
        ("a.cm-info.json", {"TrainedWords": ["ink"], "ModelName": "Ink"}),
    ],
)
def test_other_programs_pages_are_read(tmp_path: Path, name: str, page: Any) -> None:
    put(tmp_path, name, page)
    assert read(tmp_path).about.trigger_words == ("ink",)


def test_the_painters_own_notes_come_first(tmp_path: Path) -> None:
    notes = {"activation text": "mine, ink", "preferred weight": 0.7, "description": "for skies"}
    put(tmp_path, "a.json", notes)
    put(tmp_path, "a.civitai.info", {"trainedWords": ["ink"], "description": "theirs"})
    told = read(tmp_path).about
    assert told.trigger_words == ("mine", "ink")
    assert (told.weight, told.description) == (0.7, "for skies")


@pytest.mark.parametrize("text", ["", "[", "[]", "3", '{"model": 3}', '{"trainedWords": {}}'])
def test_broken_side_files_change_nothing(tmp_path: Path, text: str) -> None:
    for name in ("a.json", "a.civitai.info", "a.metadata.json"):
        put(tmp_path, name, text)
    told = read(tmp_path, {"ss_tag_frequency": text}).about
    assert (told.trigger_words, told.tags, told.title) == ((), (), "")


@pytest.mark.parametrize("name", ["a.preview.png", "a.png", "a.jpg", "a.safetensors.png", "a.webp"])
def test_a_picture_beside_it_is_its_portrait(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PNG)
    file = read(tmp_path)
    assert file.about.preview == tmp_path / name
    portrait = portrait_of(file)
    assert portrait is not None
    assert portrait.data == PNG
    assert portrait.media_type.removeprefix("image/") in ("png", "jpeg", "webp")


def test_a_picture_in_the_header_is_its_portrait(tmp_path: Path) -> None:
    data = "data:image/jpeg;base64," + base64.b64encode(b"jpeg").decode()
    portrait = portrait_of(read(tmp_path, {"modelspec.thumbnail": data}))
    assert portrait is not None
    assert (portrait.data, portrait.media_type) == (b"jpeg", "image/jpeg")


@pytest.mark.parametrize("data", ["", "data:image/svg+xml;base64,AAAA", "data:image/png;base64,?"])
def test_what_is_no_picture_is_no_portrait(tmp_path: Path, data: str) -> None:
    assert portrait_of(read(tmp_path, {"modelspec.thumbnail": data})) is None


def test_the_settings_beside_an_sd2_file_tell_what_it_predicts(tmp_path: Path) -> None:
    shapes = {
        "input_blocks.0.0.weight": (8, 4, 3, 3),
        "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (8, 1024),
    }
    written(tmp_path / "b.safetensors", shapes)
    put(tmp_path, "b.yaml", 'model:\n  params:\n    parameterization: "v"\n')
    file = Library([Shelf(tmp_path, "folder")]).entries[0]
    assert (file.identity.prediction, file.identity.notes) == ("v", ())
