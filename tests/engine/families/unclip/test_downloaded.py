"""What painters download is recognised by its configuration, and paints in every mode."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import (
    Engine,
    Extension,
    Finished,
    Mode,
    ModelError,
    Painted,
    PaintRequest,
    RequestError,
)
from engine.families import ModelCard
from engine.families.unclip import mahlstick_families
from tests.engine.families.unclip.looping import WORKING, asked, family_of, loaded, noise_of
from tests.engine.tiny_checkpoints import unclip as tiny


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of everything, as a painter's folder of models is."""
    folder = tmp_path_factory.mktemp("models")
    tiny.write_kandinsky(folder / "kandinsky-2-2-decoder")
    tiny.write_kandinsky(folder / "kandinsky-2-2-decoder-inpaint", inpaint=True, seed=4)
    tiny.write_kandinsky_prior(folder / "kandinsky-2-2-prior")
    tiny.write_stable_unclip(folder / "stable-diffusion-2-1-unclip-small")
    tiny.write_karlo(folder / "karlo-v1-alpha")
    tiny.write_karlo(folder / "karlo-v1-alpha-image-variations", sees=True)
    return folder


@pytest.fixture(scope="module")
def engine(shelf: Path) -> Engine:
    return Engine(models=[shelf], device="cpu")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one thread compute: for networks so small others only wait for each other."""
    monkeypatch.setattr("engine.job.default_threads", lambda: 1)


MODELS = (
    "kandinsky-2-2-decoder",
    "kandinsky-2-2-decoder-inpaint",
    "stable-diffusion-2-1-unclip-small",
    "karlo-v1-alpha",
    "karlo-v1-alpha-image-variations",
)


def card_of(path: Path) -> ModelCard:
    return family_of(path)[1]


def photo(side: int = 32) -> np.ndarray:
    ramp = np.linspace(20, 230, side, dtype=np.uint8)
    pixels = np.full((side, side, 4), 255, np.uint8)
    pixels[..., 0], pixels[..., 2] = ramp[None], ramp[:, None]
    return pixels


def selection(side: int = 32) -> np.ndarray:
    mask = np.zeros((side, side), np.uint8)
    mask[8:24, 10:22] = 255
    return mask


ASKED: Mapping[Mode, Mapping[str, Any]] = {
    Mode.GENERATE: {},
    Mode.INPAINT: {"image": photo(), "mask": selection()},
    Mode.OUTPAINT: {"image": photo(), "extension": Extension(right=16)},
    Mode.REFINE: {"image": photo(), "strength": 0.4},
    Mode.VARY: {"image": photo(), "second_image": photo()[::-1].copy(), "mix": 0.3},
    Mode.UPSCALE: {"image": photo(), "factor": 1.5},
}


@pytest.mark.parametrize("mode", Mode)  # the first of these changes first: each model loads once
@pytest.mark.parametrize("name", MODELS)
def test_every_model_paints_in_every_mode(engine: Engine, name: str, mode: Mode) -> None:
    asked_for = PaintRequest(
        mode=mode, prompt="red cat", model=name, candidates=1, steps=2, seed=3, **ASKED[mode]
    )
    events = list(engine.paint(asked_for))
    (done,) = [event for event in events if isinstance(event, Painted)]
    assert isinstance(events[-1], Finished)
    assert done.merged[..., :3].std() > 1.0
    if mode is Mode.INPAINT:
        kept = selection() == 0
        assert np.array_equal(done.merged[kept], photo()[kept])
        assert (done.merged[~kept] != photo()[~kept]).any()
    if mode is Mode.OUTPAINT:
        assert np.array_equal(done.merged[:, :32], photo())


def test_all_of_them_are_found_in_one_folder_and_the_prior_is_none(engine: Engine) -> None:
    assert {card.name for card in engine.catalogue.models} == {"embedded", *MODELS}
    assert not engine.catalogue.problems


def test_cards_tell_size_and_manner_from_configuration(shelf: Path) -> None:
    kandinsky = card_of(shelf / "kandinsky-2-2-decoder")
    assert (kandinsky.family, kandinsky.native, kandinsky.multiple) == ("kandinsky22", (48, 48), 4)
    assert kandinsky.beside == (shelf / "kandinsky-2-2-prior",)
    stable = card_of(shelf / "stable-diffusion-2-1-unclip-small")
    assert (stable.family, stable.native, stable.guidance) == ("stable-unclip", (32, 32), 10.0)
    karlo = card_of(shelf / "karlo-v1-alpha")
    assert (karlo.family, karlo.native, karlo.sampler) == ("karlo", (32, 32), "ddpm")


def test_a_published_size_is_told_in_pixels(tmp_path: Path, shelf: Path) -> None:
    path = tmp_path / "decoder"
    shutil.copytree(shelf / "kandinsky-2-2-decoder", path)
    for part, changes in (
        ("unet", {"sample_size": 64, "block_out_channels": [384, 768, 1152, 1536]}),
        ("movq", {"block_out_channels": [128, 256, 256, 512]}),
    ):
        config = json.loads((path / part / "config.json").read_text())
        (path / part / "config.json").write_text(json.dumps(config | changes))
    card = card_of(path)
    assert (card.native, card.multiple) == ((768, 768), 64)


def test_a_decoder_without_its_prior_says_so_plainly(tmp_path: Path) -> None:
    tiny.write_kandinsky(tmp_path / "decoder")
    engine = Engine(models=[tmp_path], device="cpu")
    for mode in Mode:
        wanted = PaintRequest(mode=mode, prompt="red", model="decoder", **ASKED[mode])
        with pytest.raises(RequestError, match="Get kandinsky-2-2-prior and put its folder") as no:
            list(engine.paint(wanted))
        assert no.value.field == "model"


def test_a_prior_of_other_embeddings_is_not_taken(tmp_path: Path) -> None:
    tiny.write_kandinsky(tmp_path / "decoder")
    tiny.write_kandinsky_prior(tmp_path / "prior", width=16)
    assert card_of(tmp_path / "decoder").lacks


def test_a_prior_in_the_decoders_own_folder_comes_first(tmp_path: Path) -> None:
    tiny.write_kandinsky(tmp_path / "decoder")
    tiny.write_kandinsky_prior(tmp_path / "other")
    tiny.write_kandinsky_prior(tmp_path / "decoder" / "prior")
    assert card_of(tmp_path / "decoder").beside == (tmp_path / "decoder" / "prior",)


def test_a_prior_is_found_in_the_hubs_cache(tmp_path: Path) -> None:
    home = tmp_path / "models--a--kandinsky-2-2-decoder" / "snapshots" / "1234"
    prior = tmp_path / "models--a--kandinsky-2-2-prior" / "snapshots" / "abcd"
    tiny.write_kandinsky(home)
    tiny.write_kandinsky_prior(prior)
    card = card_of(home)
    assert card.beside == (prior,)
    assert card.name == "kandinsky-2-2-decoder"


def test_decoder_and_prior_in_one_folder_are_one_model(tmp_path: Path, shelf: Path) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(shelf / "kandinsky-2-2-decoder", whole)
    index = json.loads((whole / "model_index.json").read_text())
    prior = json.loads((shelf / "kandinsky-2-2-prior" / "model_index.json").read_text())
    for name in (name for name, entry in prior.items() if isinstance(entry, list)):
        shutil.copytree(shelf / "kandinsky-2-2-prior" / name, whole / f"prior_{name}")
        index[f"prior_{name}"] = prior[name]
    index["_class_name"] = "KandinskyV22CombinedPipeline"
    (whole / "model_index.json").write_text(json.dumps(index))
    assert not card_of(whole).beside
    apart_, x = loaded(shelf / "kandinsky-2-2-decoder"), noise_of(1, 2, 4, 16, 16)
    level = apart_.path.level(0.6)
    together = loaded(whole).denoiser(asked())(x, level)
    assert torch.equal(together, apart_.denoiser(asked())(x, level))


def test_half_precision_editions_load(tmp_path: Path, shelf: Path) -> None:
    tiny.write_kandinsky(tmp_path / "decoder", dtype=torch.float16, variant="fp16")
    (tmp_path / "decoder" / "prior").symlink_to(shelf / "kandinsky-2-2-prior")
    for precision in ("fp32", "bf16"):
        model = loaded(tmp_path / "decoder", precision)
        x0 = model.denoiser(asked())(noise_of(1, 2, 4, 16, 16), model.path.level(0.5))
        assert x0.dtype == torch.float32
        assert bool(x0.isfinite().all())


@pytest.mark.parametrize("name", MODELS)
def test_weights_left_in_main_memory_are_told_by_the_names_of_their_parts(
    shelf: Path, name: str
) -> None:
    family, card = family_of(shelf / name)
    model: Any = family.load_aside(card, "cpu", "fp32")  # type: ignore[attr-defined]
    folders = {folder.name for home in (card.path, *card.beside) for folder in home.iterdir()}
    assert {part.removeprefix("prior_") for part in model.networks} <= folders
    assert {"unet", "decoder"} & set(model.networks)
    taken = []
    for network in model.networks.values():
        network.register_forward_pre_hook(lambda *_: taken.append(1))
    x = noise_of(1, 2, *model.latent_shape(WORKING))
    level = model.path.level(0.5)
    together = loaded(shelf / name).denoiser(asked())(x, level)
    assert torch.equal(model.denoiser(asked())(x, level), together)
    assert taken  # whoever brings weights hears of every network that runs
    model.unload()
    assert not model.networks


def test_a_part_that_was_not_fetched_is_a_sentence(tmp_path: Path, shelf: Path) -> None:
    path = tmp_path / "decoder"
    shutil.copytree(shelf / "kandinsky-2-2-decoder", path)
    (path / "movq" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(ModelError, match="not fetched whole"):
        card_of(path)


def test_an_unknown_precision_is_refused(shelf: Path) -> None:
    family, card = family_of(shelf / "kandinsky-2-2-decoder")
    with pytest.raises(ModelError, match="fp32, bf16, fp16"):
        family.load(card, "cpu", "fp8")


def test_what_is_none_of_theirs_is_not_recognised(tmp_path: Path, shelf: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    for path in (tmp_path, tmp_path / "nowhere", shelf, shelf / "kandinsky-2-2-prior"):
        assert all(family.recognise(path) is None for family in mahlstick_families())


def test_a_refused_mix_names_the_models_that_can(tmp_path: Path) -> None:
    tiny.write_stable_unclip(tmp_path / "sees")
    engine = Engine(models=[tmp_path], device="cpu")
    wanted = PaintRequest(
        mode=Mode.VARY, prompt="red", model="sees", image=photo(), instead_of="blue"
    )
    with pytest.raises(RequestError, match="embedded"):
        list(engine.paint(wanted))


def test_the_record_names_the_priors_weights_too(tmp_path: Path, shelf: Path) -> None:
    tiny.write_kandinsky(tmp_path / "decoder")
    shutil.copytree(shelf / "kandinsky-2-2-prior", tmp_path / "prior")

    def fingerprint() -> str:
        engine = Engine(models=[tmp_path], device="cpu")
        wanted = PaintRequest(
            mode=Mode.GENERATE, prompt="red", model="decoder", candidates=1, steps=1, seed=1
        )
        (done,) = [one for one in engine.paint(wanted) if isinstance(one, Painted)]
        return done.record["model"]["sha256"]

    before = fingerprint()
    shutil.rmtree(tmp_path / "prior")
    tiny.write_kandinsky_prior(tmp_path / "prior", seed=8)
    assert fingerprint() != before
