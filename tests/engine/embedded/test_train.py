from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import nn

from engine.embedded.train.attributes import ALL_NOUNS, ATTRIBUTES, labels, named
from engine.embedded.train.decoder import DecoderStage
from engine.embedded.train.export import export
from engine.embedded.train.loop import Pace, Training, fresh, seeded
from engine.embedded.train.painter import new_autoencoder
from engine.embedded.train.pictures import tensor
from engine.embedded.train.recipe import Recipe
from engine.embedded.world import imagined


def test_every_stage_writes_its_curve_and_a_checkpoint(taught: Recipe) -> None:
    for stage in ("painter", "clip", "decoder", "prior"):
        with (taught.runs / stage / "curve.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert [row["step"] for row in rows] == ["2", "4"]
        assert all(float(row["loss"]) > 0 for row in rows)
        assert (taught.runs / stage / "checkpoint.pt").exists()


def test_stopping_and_resuming_changes_no_weight(taught: Recipe, tmp_path: Path) -> None:
    def weights(stops: list[int]) -> torch.Tensor:
        folder = tmp_path / "-".join(map(str, stops))
        shutil.copytree(taught.runs, folder, ignore=shutil.ignore_patterns("decoder"))
        for stop in stops:
            # The rate must not depend on where the first run stops, so nothing decays here.
            paces = dict(taught.told["pace"])
            paces["decoder"] = {**paces["decoder"], "steps": stop, "decay": 1e-9}
            recipe = replace(taught, runs=folder, told={**taught.told, "pace": paces})
            made = DecoderStage(recipe).run()
        return torch.cat([p.flatten() for p in made.parameters()])

    assert torch.equal(weights([4]), weights([2, 4]))


def test_a_finished_stage_is_not_run_again(taught: Recipe) -> None:
    before = (taught.runs / "decoder" / "curve.csv").read_text()
    DecoderStage(taught).run()
    assert (taught.runs / "decoder" / "curve.csv").read_text() == before


def test_first_weights_depend_on_the_seed_alone_and_leave_global_randomness_alone() -> None:
    state = torch.get_rng_state()
    first, second, other = (fresh(lambda: nn.Linear(4, 4), seed, "x") for seed in (1, 1, 2))
    assert torch.equal(first.weight, second.weight)
    assert not torch.equal(first.weight, other.weight)
    assert torch.equal(state, torch.get_rng_state())


def test_seeds_are_told_apart_by_every_word() -> None:
    draws = {
        float(torch.rand(1, generator=seeded(*words)))
        for words in ((1, "a", 2), (1, "a", 3), (1, "b", 2), (2, "a", 2), (12, "a"))
    }
    assert len(draws) == 5


def test_the_rate_rises_stays_and_falls() -> None:
    pace = Pace(steps=100, batch=1, rate=1.0, warmup=10, decay=0.5)
    rates = [pace.rate_at(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9:50] == [1.0] * 41
    assert rates[99] < 0.01
    assert all(b <= a for a, b in pairwise(rates[50:]))


def test_a_crash_while_writing_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    training = Training(nn.Linear(2, 2), Pace(steps=2, batch=1, rate=1.0), tmp_path)
    training.save()
    (tmp_path / "checkpoint.part").write_bytes(b"half")
    assert Training(nn.Linear(2, 2), training.pace, tmp_path).step == 0


def test_latents_tell_nothing_of_other_patches(taught: Recipe) -> None:
    autoencoder = new_autoencoder(taught)
    picture = tensor(taught.sharp_pictures().pixels()[:1])
    changed = picture.clone()
    changed[..., 64:128, 64:128] = 1.0
    with torch.no_grad():
        moved = (autoencoder.encode(picture) - autoencoder.encode(changed)).abs().amax((0, 1))
    inside = torch.zeros(16, 16, dtype=torch.bool)
    inside[4:8, 4:8] = True
    assert (moved[~inside] == 0).all()
    assert (moved[inside] > 0).any()


def test_an_untrained_way_back_is_the_linear_one(taught: Recipe) -> None:
    autoencoder = new_autoencoder(taught)
    picture = tensor(taught.sharp_pictures().pixels()[:2])
    with torch.no_grad():
        error = (autoencoder(picture) - picture).square().mean()
    assert error < 0.05


def test_attributes_have_a_class_for_everything_a_scene_can_show() -> None:
    scenes = [imagined(seed) for seed in range(300)]
    truth = labels(scenes)
    assert set(truth) == {*ATTRIBUTES, "hue", "count", "place"}
    for row, scene in enumerate(scenes):
        for name, value in named(scene).items():
            assert ATTRIBUTES[name][int(truth[name][row])] == value
        assert int(truth["count"][row].sum()) == len(scene.things)
        for thing in scene.things:
            noun = ALL_NOUNS.index(thing.noun)
            assert truth["hue"][row, noun] > 0
            assert float(truth["place"][row, noun].min()) >= 0
            assert float(truth["place"][row, noun].max()) <= 1


def test_export_writes_parts_that_plain_diffusers_and_transformers_load(
    taught: Recipe, tmp_path: Path
) -> None:
    from diffusers import PriorTransformer, UNet2DConditionModel
    from transformers import AutoTokenizer, CLIPModel, CLIPTextModelWithProjection

    export(taught, tmp_path)
    UNet2DConditionModel.from_pretrained(tmp_path / "unet", low_cpu_mem_usage=False)
    PriorTransformer.from_pretrained(tmp_path / "prior", low_cpu_mem_usage=False)
    CLIPModel.from_pretrained(tmp_path / "clip")
    CLIPTextModelWithProjection.from_pretrained(tmp_path / "text_encoder")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "tokenizer")
    assert tokenizer("a red circle")["input_ids"][0] == tokenizer.bos_token_id
