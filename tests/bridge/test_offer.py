"""What the engine can paint with, asked of a process of its own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from bridge.offer import Offer, Offers
from bridge.wire.messages import PresetInfo

NOTHING: dict[str, list[str]] = {"models": [], "hooks": []}


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
    for folder, name, tensor in (
        ("loras", "ink", "lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"),
        ("embeddings", "mark", "emb_params"),
    ):
        header = {tensor: {"dtype": "F32", "shape": [1, 768], "data_offsets": [0, 3072]}}
        text = json.dumps(header).encode()
        path = tmp_path / folder / f"{name}.safetensors"
        path.parent.mkdir()
        path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(3072))
    offer = asyncio.run(Offers({"models": [str(tmp_path)], "hooks": []}).get())
    assert (offer.loras, offer.embeddings) == (("ink",), ("mark",))
