"""LoRAs over tiny networks of the real classes, number by number beside diffusers and peft."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from torch import Tensor

from engine.adapters import Wanted
from engine.adapters.adapters import Adapters
from engine.errors import ModelError, RequestError
from tests.engine.tiny_checkpoints import loras

EXACT = 1e-5
KINDS = ("sd1", "sd2", "sdxl")
# diffusers reads the original names of kohya's files alone, so others are given to it as peft's.
CASES = [(kind, layout) for kind in KINDS for layout in ("kohya", "peft", "early", "comfy")]
CASES += [("sdxl", "kohya's original")]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Diffusers reports progress as it loads adapters."""
    diffusers.utils.logging.disable_progress_bar()
    yield
    diffusers.utils.logging.enable_progress_bar()


def pipeline(found: loras.Parts) -> Any:
    """Return diffusers' pipeline around the networks, with nothing else in it."""
    parts: dict[str, Any] = {
        "vae": None,
        "tokenizer": None,
        "scheduler": diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
    }
    if found.text_encoder_2 is not None:
        return diffusers.StableDiffusionXLPipeline(**parts, tokenizer_2=None, **found.named)
    parts |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    return diffusers.StableDiffusionPipeline(**parts, **found.named)


def theirs(
    found: loras.Parts, files: Sequence[tuple[Path, float | dict[str, float]]]
) -> dict[str, Tensor]:
    """Return what diffusers computes with these files; the networks are changed for good."""
    made = pipeline(found)
    names = [f"a{i}" for i in range(len(files))]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Already found a `peft_config`")  # of a second file
        for name, (path, _) in zip(names, files, strict=True):
            made.load_lora_weights(path.parent, weight_name=path.name, adapter_name=name)
    made.set_adapters(names, [weight for _, weight in files])
    return loras.numbers(found)


def close(found: dict[str, Tensor], wanted: dict[str, Tensor], most: float = EXACT) -> None:
    assert found.keys() == wanted.keys()
    for name, numbers in found.items():
        torch.testing.assert_close(numbers, wanted[name], rtol=0, atol=most)


def differ(found: dict[str, Tensor], others: dict[str, Tensor], least: float = 0.05) -> None:
    assert all((numbers - others[name]).abs().max() > least for name, numbers in found.items())


def written(folder: Path, made: loras.Lora, layout: str, name: str = "ink") -> Path:
    return loras.save(folder / f"{name}.safetensors", loras.LAYOUTS[layout](made))


@pytest.mark.parametrize(("kind", "layout"), CASES)
def test_numbers_are_diffusers_own(kind: str, layout: str, tmp_path: Path) -> None:
    found = loras.parts(kind)
    has_alpha = layout.startswith("kohya")
    made = loras.lora(found, alpha=2.0 if has_alpha else None, which="everything")
    if (kind, layout) == ("sdxl", "kohya"):  # diffusers misreads add_embedding under its own name
        made = loras.Lora({k: v for k, v in made.tensors.items() if "add_embedding" not in k[1]})
    path = written(tmp_path, made, layout)
    before = loras.numbers(found)
    assert Adapters(found.named).use([Wanted("ink", path, 0.7)]) == ()
    ours = loras.numbers(found)
    differ(ours, before)
    other = written(tmp_path, made, "peft", "peft") if layout == "comfy" else path
    close(ours, theirs(loras.parts(kind), [(other, 0.7)]))


@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
def test_stacked_and_weighted_they_are_diffusers_own(kind: str, tmp_path: Path) -> None:
    found = loras.parts(kind)
    layouts = ("peft", "kohya", "early")
    ranks = (4, 3, 2)
    paths = [
        written(
            tmp_path,
            loras.lora(found, rank, 1.5 if layout == "kohya" else None, "linear", seed=rank),
            layout,
            layout,
        )
        for layout, rank in zip(layouts, ranks, strict=True)
    ]
    weights = (0.8, -0.5, 1.3)
    Adapters(found.named).use([Wanted(p.stem, p, w) for p, w in zip(paths, weights, strict=True)])
    ours = loras.numbers(found)
    close(ours, theirs(loras.parts(kind), list(zip(paths, weights, strict=True))))


def test_words_have_a_weight_of_their_own(tmp_path: Path) -> None:
    found = loras.parts("sdxl")
    path = written(tmp_path, loras.lora(found, alpha=None), "peft")
    Adapters(found.named).use([Wanted("ink", path, 0.8, 0.3)])
    each = {"unet": 0.8, "text_encoder": 0.3, "text_encoder_2": 0.3}
    close(loras.numbers(found), theirs(loras.parts("sdxl"), [(path, each)]))


@pytest.mark.parametrize("by_root", [False, True], ids=["by rank", "by its root"])
def test_scales_come_from_metadata(by_root: bool, tmp_path: Path) -> None:
    found = loras.parts("sd1")
    made = loras.lora(found, 4, None)
    told = {"r": 4, "lora_alpha": 6, "use_rslora": by_root}
    told |= {"alpha_pattern": {"attn2.to_v": 1}, "target_modules": ["to_q"]}
    metadata = {f"unet.{name}": value for name, value in told.items()}
    path = tmp_path / "ink.safetensors"
    unet = loras.Lora({k: v for k, v in made.tensors.items() if k[0] == "unet"})
    targets = sorted({path for _, path in unet.tensors})
    metadata["unet.target_modules"] = targets
    loras.save(path, loras.peft(unet), {"format": "pt", "lora_adapter_metadata": metadata})
    plain = loras.numbers(found)
    Adapters(found.named).use([Wanted("ink", path)])
    ours = loras.numbers(found)
    assert (ours["unet"] - plain["unet"]).abs().max() > 0.05
    close(ours, theirs(loras.parts("sd1"), [(path, 1.0)]))


@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
def test_dora_is_pefts_own(kind: str, tmp_path: Path) -> None:
    found = loras.parts(kind)
    made = loras.lora(found, alpha=None, which="linear")
    generator = torch.Generator().manual_seed(5)
    tensors = loras.peft(made)
    for name in [name for name in tensors if name.endswith("lora_A.weight")]:
        out = tensors[name.replace("lora_A", "lora_B")].shape[0]
        vector = 0.5 + torch.rand(out, generator=generator)
        shape = (1, out, 1, 1) if tensors[name].dim() == 4 else (out,)
        # diffusers reads the first form of UNets alone, and the second of text encoders alone.
        end = "" if name.startswith("unet") else ".weight"
        own = name.replace("lora_A.weight", f"lora_magnitude_vector{end}")
        tensors[own] = vector.reshape(shape)
    path = loras.save(tmp_path / "ink.safetensors", tensors)
    before = loras.numbers(found)
    assert Adapters(found.named).use([Wanted("ink", path)]) == ()
    ours = loras.numbers(found)
    differ(ours, before)
    close(ours, theirs(loras.parts(kind), [(path, 1.0)]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_what_was_taken_away_leaves_every_bit_as_it_was(dtype: torch.dtype, tmp_path: Path) -> None:
    found = loras.parts("sd1")
    for network in found.named.values():
        network.to(dtype)
    weights = {
        name: {key: tensor.clone() for key, tensor in network.state_dict().items()}
        for name, network in found.named.items()
    }
    before = loras.numbers(found)
    adapters = Adapters(found.named)
    path = written(tmp_path, loras.lora(found, which="everything"), "kohya")
    adapters.use([Wanted("ink", path, 0.3)])
    differ(loras.numbers(found), before)
    adapters.use([])
    after = loras.numbers(found)
    assert all(torch.equal(after[name], before[name]) for name in before)
    for name, network in found.named.items():
        now = network.state_dict()
        assert now.keys() == weights[name].keys()
        assert all(torch.equal(now[key], weights[name][key]) for key in now)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_stays_near_full(dtype: torch.dtype, tmp_path: Path) -> None:
    exact = loras.parts("sd1")
    path = written(tmp_path, loras.lora(exact, which="everything"), "kohya")
    Adapters(exact.named).use([Wanted("ink", path, 0.3)])
    found = loras.parts("sd1")
    for network in found.named.values():
        network.to(dtype)
    Adapters(found.named).use([Wanted("ink", path, 0.3)])
    step = torch.finfo(dtype).eps
    close({k: v.float() for k, v in loras.numbers(found).items()}, loras.numbers(exact), 64 * step)


def test_coming_back_to_a_set_gives_the_same_numbers(tmp_path: Path) -> None:
    found = loras.parts("sd1")
    one = written(tmp_path, loras.lora(found, seed=3), "kohya", "one")
    two = written(tmp_path, loras.lora(found, seed=4), "comfy", "two")
    adapters = Adapters(found.named)
    wanted = [Wanted("one", one, 0.5)], [Wanted("two", two), Wanted("one", one, 0.2)], []
    first = []
    for choice in wanted:
        adapters.use(choice)
        first.append(loras.numbers(found))
    for choice, numbers in zip(reversed(wanted), reversed(first), strict=True):
        adapters.use(choice)
        assert all(torch.equal(n, numbers[name]) for name, n in loras.numbers(found).items())


def test_a_file_that_was_trained_again_is_read_again(tmp_path: Path) -> None:
    found = loras.parts("sd1")
    adapters = Adapters(found.named)
    path = written(tmp_path, loras.lora(found, rank=4), "kohya")
    adapters.use([Wanted("ink", path)])
    first = loras.numbers(found)
    written(tmp_path, loras.lora(found, rank=6, seed=9), "kohya")
    adapters.use([Wanted("ink", path)])
    differ(loras.numbers(found), first)


def test_a_lora_of_no_weight_changes_nothing(tmp_path: Path) -> None:
    found = loras.parts("sd1")
    before = loras.numbers(found)
    path = written(tmp_path, loras.lora(found), "kohya")
    Adapters(found.named).use([Wanted("ink", path, 0.0)])
    assert all(torch.equal(n, before[name]) for name, n in loras.numbers(found).items())


@pytest.mark.parametrize(("of", "over"), [("sdxl", "sd1"), ("sd2", "sd1"), ("sd1", "sdxl")])
def test_a_lora_of_another_model_is_a_sentence_and_leaves_what_was(
    of: str, over: str, tmp_path: Path
) -> None:
    found = loras.parts(over)
    adapters = Adapters(found.named)
    fitting = Wanted("own", written(tmp_path, loras.lora(found), "kohya", "own"))
    adapters.use([fitting])
    before = loras.numbers(found)
    layout = "kohya's original" if "sdxl" in (of, over) else "kohya"
    other = loras.lora(loras.parts(of))
    if of == "sd1":  # sd-scripts keeps diffusers' names for it
        layout = "kohya"
    path = written(tmp_path, other, layout, "other")
    with pytest.raises(RequestError, match=r"LoRA other \(other.safetensors\) is for another"):
        adapters.use([fitting, Wanted("other", path)])
    assert all(torch.equal(n, before[name]) for name, n in loras.numbers(found).items())


def test_what_it_was_made_for_is_told(tmp_path: Path) -> None:
    found = loras.parts("sd1")
    path = tmp_path / "flux.safetensors"
    names = [
        f"lora_unet_double_blocks_{i}_img_attn_qkv.lora_{d}.weight"
        for i in (0, 1)
        for d in ("up", "down")
    ]
    loras.save(path, {name: torch.ones(4, 4) for name in names})
    with pytest.raises(RequestError) as caught:
        Adapters(found.named).use([Wanted("flux", path)])
    assert str(caught.value) == (
        "The LoRA flux (flux.safetensors) is for another kind of model: this model has none of "
        "its 2 layers. It was made for flux1. Remove it from the prompt, or choose a model that it "
        "fits."
    )


def test_what_is_left_out_is_told_with_its_number(tmp_path: Path) -> None:
    found = loras.parts("sd1")
    tensors = loras.kohya(loras.lora(found))
    tensors["lora_unet_nowhere.lora_up.weight"] = torch.ones(2, 2)
    tensors["lora_unet_nowhere.lora_down.weight"] = torch.ones(2, 2)
    tensors["lora_unet_conv_in.oft_blocks"] = torch.ones(2, 2)
    tensors["lora_unet_conv_in.lora_down.weight"] = torch.ones(2, 4, 3, 3)  # its other half is lost
    path = loras.save(tmp_path / "ink.safetensors", tensors)
    (note,) = Adapters(found.named).use([Wanted("ink", path)])
    assert note.startswith("4 tensors of the LoRA ink are for layers that this model does not have")


def test_a_broken_file_is_a_sentence(tmp_path: Path) -> None:
    found = loras.parts("sd1")
    path = written(tmp_path, loras.lora(found), "kohya")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ModelError, match="cut off"):
        Adapters(found.named).use([Wanted("ink", path)])
    with pytest.raises(ModelError, match="Check that it is still there"):
        Adapters(found.named).use([Wanted("ink", tmp_path / "gone.safetensors")])


def test_files_that_are_not_used_are_given_up_beyond_the_bound(tmp_path: Path) -> None:
    found = loras.parts("sd1")
    paths = [
        written(tmp_path, loras.lora(found, seed=seed), "kohya", f"l{seed}") for seed in range(4)
    ]
    adapters = Adapters(found.named, kept_bytes=0)
    size = None
    for path in paths:
        adapters.use([Wanted(path.stem, path)])
        size = size or adapters.bytes
        assert adapters.bytes <= 2 * size
    adapters.forget()
    assert adapters.bytes == 0


def test_the_key_of_what_text_encoders_say_knows_their_loras(tmp_path: Path) -> None:
    found = loras.parts("sd1")
    path = written(tmp_path, loras.lora(found), "kohya")
    adapters = Adapters(found.named)
    keys = {
        weights: adapters.chosen([Wanted("ink", path, *weights)]).words_key
        for weights in ((0.5,), (0.9,), (0.5, 0.0), (0.9, 0.0), (0.4, 0.5))
    }
    assert keys[0.5,] == keys[0.4, 0.5] != keys[0.9,]
    assert keys[0.5, 0.0] == keys[0.9, 0.0] == adapters.chosen([]).words_key == ()


def test_open_clips_joined_projections_are_parted(tmp_path: Path) -> None:
    found = loras.parts("sdxl")
    generator = torch.Generator().manual_seed(6)
    width = 2 * loras.WIDTH
    down = torch.randn(4, width, generator=generator)
    up = torch.randn(3 * width, 4, generator=generator)
    first = "conditioner.embedders.1.model.transformer.resblocks.1.attn.in_proj"
    joined = {f"{first}.lora_A.weight": down, f"{first}.lora_B.weight": up}
    parted = {}
    for i, name in enumerate("qkv"):
        place = f"text_encoder_2.text_model.encoder.layers.1.self_attn.{name}_proj"
        parted[f"{place}.lora_A.weight"] = down
        parted[f"{place}.lora_B.weight"] = up.chunk(3)[i]
    adapters = Adapters(found.named)
    before = loras.numbers(found)
    adapters.use([Wanted("joined", loras.save(tmp_path / "joined.safetensors", joined))])
    ours = loras.numbers(found)
    assert (ours["pooled"] - before["pooled"]).abs().max() > 0.05
    path = loras.save(tmp_path / "parted.safetensors", parted)
    close(ours, theirs(loras.parts("sdxl"), [(path, 1.0)]))


def test_somebody_elses_forward_is_kept(tmp_path: Path) -> None:
    """Offloading wraps forward passes; a LoRA goes around it and leaves it in place."""
    found = loras.parts("sd1")
    layer = found.unet.get_submodule("mid_block.attentions.0.transformer_blocks.0.attn1.to_q")
    calls: list[int] = []
    own = layer.forward

    def wrapped(x: Tensor) -> Tensor:
        calls.append(1)
        return own(x)

    layer.forward = wrapped
    adapters = Adapters(found.named)
    adapters.use([Wanted("ink", written(tmp_path, loras.lora(found), "kohya"), 0.7)])
    ours = loras.numbers(found)
    adapters.use([])
    assert layer.__dict__["forward"] is wrapped
    assert calls
    plain = loras.parts("sd1")
    Adapters(plain.named).use([Wanted("ink", tmp_path / "ink.safetensors", 0.7)])
    close(ours, loras.numbers(plain))


def test_every_layer_of_the_original_names_is_known() -> None:
    from engine.adapters.original import blocks, of_layer

    for kind in ("sd1", "sdxl"):
        unet = loras.parts(kind).unet
        known = blocks(unet)
        for path in loras.layers(unet, "everything"):
            assert of_layer(path, known) == loras.original(path, kind), path


def test_names_of_tensors_are_parted() -> None:
    from engine.adapters.keys import parted

    assert parted("unet.a.attn1.processor.to_out_lora.down.weight") == (
        "unet.a.attn1.to_out.0",
        "down",
    )
    assert parted("t.self_attn.to_q_lora.up.weight") == ("t.self_attn.q_proj", "up")
    assert parted("x.lora_A.default.weight") == ("x", "down")
    assert parted("x.lokr_w2_b") == ("x", "lokr_w2_b")
    assert parted("x.hada_t1") == ("x", "hada_t1")
    assert parted("x.lora_magnitude_vector.weight") == ("x", "magnitude")
    assert parted("x.b_norm") == ("x", "diff_b")
    assert parted("emb_params") is None
    assert not re.search("lora", "".join(parted("x.lora_B.bias") or ()))


def test_compiled_blocks_see_what_is_laid_over_their_layers(tmp_path: Path) -> None:
    found = loras.parts("sd1")
    ink = [Wanted("ink", written(tmp_path, loras.lora(found), "kohya"))]
    adapters = Adapters(found.named)
    plain = loras.numbers(found)
    adapters.use(ink)
    inked = loras.numbers(found)
    adapters.use([])
    block = found.unet.get_submodule("mid_block.attentions.0.transformer_blocks.0")
    block.forward = torch.compile(block.forward, backend="eager")
    for wanted, numbers in (([], plain), (ink, inked), ([], plain)):
        adapters.use(wanted)
        close(loras.numbers(found), numbers)
