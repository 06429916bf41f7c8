"""What the engine can paint with, asked of a process of its own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from bridge.offer import Offer, Offers, state_of
from bridge.wire.messages import PresetInfo

LORA = "lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"
NOTHING: dict[str, list[str]] = {"models": [], "hooks": []}


def write(path: Path, tensor: str) -> None:
    """A file of one tensor."""
    header = {tensor: {"dtype": "F32", "shape": [1, 768], "data_offsets": [0, 3072]}}
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(3072))


def test_the_engine_is_asked_once() -> None:
    async def run() -> None:
        offers = Offers(NOTHING)
        offer = await offers.get()
        assert "euler" in offer.samplers
        assert "karras" in offer.schedules
        assert (offer.candidates, offer.steps) == (16, 500)
        assert await offers.get() is offer

    asyncio.run(run())


def test_what_is_known_is_not_asked() -> None:
    known = Offer(samplers=("one",))
    assert asyncio.run(Offers(NOTHING, known).get()) is known


def test_a_hook_that_hangs_does_not_hang_the_bridge(tmp_path: Path) -> None:
    hook = tmp_path / "hook.py"
    hook.write_text("import time\ntime.sleep(60)\n")

    async def run() -> None:
        offers = Offers({"models": [], "hooks": [str(hook)]}, patience_s=0.1)
        assert await offers.get() == Offer()
        assert await offers.get() == Offer()  # at once: it is not asked again yet

    asyncio.run(run())


def test_a_mended_hook_is_noticed_after_a_while(tmp_path: Path) -> None:
    hook = tmp_path / "hook.py"
    hook.write_text("raise RuntimeError('broken')\n")

    async def run() -> None:
        offers = Offers({"models": [], "hooks": [str(hook)]}, again_s=0.0)
        assert await offers.get() == Offer()
        hook.write_text(
            "from engine import hookimpl\n\n\n@hookimpl\n"
            "def mahlstick_samplers():\n    return {'mended': None}\n"
        )
        assert "mended" in (await offers.get()).samplers

    asyncio.run(run())


def test_what_fills_enlarges_and_surrounds_the_words_is_offered(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[rain]\nprompt = "% in the rain"\ntitle = "Rain"\n')
    options = {**NOTHING, "options": {"prompts": {"presets": str(tmp_path)}}}
    offer = asyncio.run(Offers(options).get())
    assert "surface" in offer.prefills
    assert "lanczos" in offer.upscalers
    assert PresetInfo("rain", "mine", "Rain") in offer.presets
    assert len(offer.presets) > 60


def test_loras_and_embeddings_are_offered_by_name(tmp_path: Path) -> None:
    write(tmp_path / "loras" / "ink.safetensors", LORA)
    write(tmp_path / "embeddings" / "mark.safetensors", "emb_params")
    offer = asyncio.run(Offers({"models": [str(tmp_path)], "hooks": []}).get())
    assert (offer.loras, offer.embeddings) == (("ink",), ("mark",))


def test_who_observes_hears_when_models_come_and_go_and_not_otherwise(tmp_path: Path) -> None:
    heard: list[list[str]] = []

    async def renewed(offer: Offer) -> None:
        heard.append([one.name for one in offer.obtainable])

    async def run() -> None:
        folder = tmp_path / "models"
        options = {**NOTHING, "options": {"library": {"folder": str(folder)}}}
        offers = Offers(options, folders=[folder])
        offers.observe(renewed)
        before = await offers.get()
        assert "taesd" in [one.name for one in before.obtainable]
        await offers.look_again()
        assert heard == []
        (folder / ".incoming").mkdir(parents=True)
        (folder / "taesd").mkdir()
        pin = {"source": "hf:a/b", "revision": "main", "commit": "c", "pulled": "now", "files": {}}
        licence = {"name": "MIT", "url": "https://example.com", "spdx": "MIT"}
        ledger = {"version": 1, "licences": {}, "models": {"taesd": {**pin, "licence": licence}}}
        (folder / "models.lock.json").write_text(json.dumps(ledger))
        await offers.look_again()
        await offers.look_again()
        assert len(heard) == 1
        assert "taesd" not in heard[0]
        assert await offers.get() != before

    asyncio.run(run())


def test_weights_that_grow_are_seen_and_downloads_under_way_are_not(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    weights = deep / "x.safetensors"
    weights.write_bytes(b"1")
    before = state_of([tmp_path])
    assert str(weights) in before
    weights.write_bytes(b"12")
    assert state_of([tmp_path]) != before
    hidden = tmp_path / ".incoming"
    hidden.mkdir()
    now = state_of([tmp_path])
    (hidden / "y.safetensors").write_bytes(b"1")
    assert state_of([tmp_path]) == now
    assert state_of([tmp_path / "none"]) == {}


def test_files_that_came_to_another_programs_folder_are_noticed(tmp_path: Path) -> None:
    loras = tmp_path / "studio" / "Lora"
    paths = {"studio": {"base_path": str(tmp_path / "studio"), "loras": "Lora"}}
    options: dict[str, Any] = {**NOTHING, "options": {"library": {"paths": paths}}}
    heard: list[tuple[str, ...]] = []

    async def renewed(offer: Offer) -> None:
        heard.append(offer.loras)

    async def run() -> None:
        offers = Offers(options, folders=[tmp_path / "own"])
        offers.observe(renewed)
        assert (await offers.get()).loras == ()
        assert list(offers.folders) == [loras]
        write(loras / "ink.safetensors", LORA)
        await offers.look_again()
        await offers.look_again()

    asyncio.run(run())
    assert heard == [("ink",)]
