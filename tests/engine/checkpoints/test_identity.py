"""Kinds and families are told from names and shapes of the real classes, no weight read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from engine.checkpoints.identity import identified, title_of
from tests.engine.checkpoints.files import indexed, raw, written
from tests.engine.checkpoints.real import Shapes, shapes_of, transformer, unet

SD_PREFIX = "model.diffusion_model."
VAE = {
    "first_stage_model.decoder.conv_in.weight": (8, 4, 3, 3),
    "first_stage_model.decoder.conv_out.weight": (3, 8, 3, 3),
}
TEXTS: dict[str, Shapes] = {
    "sd1": {"cond_stage_model.transformer.text_model.embeddings.token_embedding.weight": (9, 768)},
    "sd2": {"cond_stage_model.model.transformer.resblocks.0.ln_1.weight": (1024,)},
    "sdxl": {
        "conditioner.embedders.0.transformer.text_model.final_layer_norm.weight": (768,),
        "conditioner.embedders.1.model.ln_final.weight": (1280,),
    },
    "sdxl-refiner": {"conditioner.embedders.0.model.ln_final.weight": (1280,)},
}
ORIGINAL: dict[str, Shapes] = {  # the names that tell, in the original layout
    "sd1": {
        "input_blocks.0.0.weight": (8, 4, 3, 3),
        "input_blocks.1.1.proj_in.weight": (8, 8, 1, 1),
        "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (8, 768),
    },
    "sd2": {
        "input_blocks.0.0.weight": (8, 4, 3, 3),
        "input_blocks.1.1.proj_in.weight": (8, 8),
        "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (8, 1024),
    },
    "sdxl": {
        "input_blocks.0.0.weight": (8, 4, 3, 3),
        "input_blocks.4.1.proj_in.weight": (8, 8),
        "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (8, 2048),
        "label_emb.0.0.weight": (8, 2816),
    },
    "sdxl-refiner": {
        "input_blocks.0.0.weight": (8, 4, 3, 3),
        "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (8, 1280),
        "input_blocks.9.0.op.weight": (8, 8, 3, 3),
        "label_emb.0.0.weight": (8, 2560),
    },
}


def under(prefix: str, shapes: Shapes) -> Shapes:
    return {prefix + name: shape for name, shape in shapes.items()}


def single(tmp_path: Path, shapes: Shapes, name: str = "model", **more: Any) -> Any:
    return identified(written(tmp_path / f"{name}.safetensors", shapes, **more))


@pytest.mark.parametrize("kind", sorted(ORIGINAL))
def test_a_single_file_with_the_original_names_is_a_checkpoint(tmp_path: Path, kind: str) -> None:
    shapes = {**under(SD_PREFIX, ORIGINAL[kind]), **VAE, **TEXTS[kind]}
    found = single(tmp_path, shapes)
    assert (found.kind, found.family, found.architecture) == ("checkpoint", "latent", kind)
    assert found.layout == "original"
    assert found.precision == "fp16"
    assert found.reason == ""
    assert found.part_bytes["vae"] == 2 * (8 * 4 * 9 + 3 * 8 * 9)
    assert {"unet", "vae"} < set(found.parts)
    assert found.prediction == (None if kind == "sd2" else "epsilon")


@pytest.mark.parametrize("kind", sorted(ORIGINAL))
def test_the_network_alone_is_told_too(tmp_path: Path, kind: str) -> None:
    for prefix in (SD_PREFIX, ""):
        found = single(tmp_path, under(prefix, ORIGINAL[kind]))
        assert (found.kind, found.architecture) == ("diffusion model", kind)
        assert found.parts == ("unet",)


@pytest.mark.parametrize("kind", ["sd1", "sd2"])
def test_the_text_encoder_tells_before_the_width_does(tmp_path: Path, kind: str) -> None:
    """Tiny checkpoints, and fine-tunes with other encoders, have widths of their own."""
    network = {name: (*shape[:-1], 5) for name, shape in ORIGINAL[kind].items()}
    network["input_blocks.0.0.weight"] = (8, 4, 3, 3)
    found = single(tmp_path, {**under(SD_PREFIX, network), **VAE, **TEXTS[kind]})
    assert found.architecture == kind


@pytest.mark.parametrize(("channels", "variant"), [(4, None), (9, "inpaint"), (8, "edit")])
def test_the_input_tells_inpainting(tmp_path: Path, channels: int, variant: str | None) -> None:
    network = {**ORIGINAL["sdxl"], "input_blocks.0.0.weight": (8, channels, 3, 3)}
    found = single(tmp_path, under(SD_PREFIX, network))
    assert found.variant == variant
    assert ("channels" in found.reason) == (variant == "edit")


def test_marker_tensors_tell_v_prediction_and_zero_snr(tmp_path: Path) -> None:
    network = {**under(SD_PREFIX, ORIGINAL["sdxl"]), "v_pred": (), "ztsnr": ()}
    found = single(tmp_path, network)
    assert (found.prediction, found.zero_terminal_snr) == ("v", True)
    edm = single(tmp_path, {**under(SD_PREFIX, ORIGINAL["sdxl"]), "edm_vpred.sigma_max": (1,)})
    assert edm.prediction == "edm"
    assert "EDM" in edm.reason


@pytest.mark.parametrize(
    ("name", "metadata", "prediction"),
    [
        ("v2-1_768-v-ema", {}, "v"),
        ("v2-1_512-ema", {}, None),
        ("some_vpred_mix", {}, "v"),
        ("x", {"modelspec.prediction_type": "v"}, "v"),
        ("x", {"modelspec.prediction_type": "epsilon"}, "epsilon"),
        ("x", {"modelspec.architecture": "stable-diffusion-v2-768-v"}, "v"),
        ("x", {"modelspec.architecture": "stable-diffusion-v2-512"}, "epsilon"),
        ("revpredict", {}, None),
    ],
)
def test_hints_tell_what_sd2_predicts_else_it_stays_open(
    tmp_path: Path, name: str, metadata: dict[str, str], prediction: str | None
) -> None:
    found = single(tmp_path, under(SD_PREFIX, ORIGINAL["sd2"]), name, metadata=metadata)
    assert found.prediction == prediction
    assert any("768 v is assumed" in note for note in found.notes) == (prediction is None)


@pytest.mark.parametrize(
    ("name", "distilled"),
    [
        ("sd_xl_turbo_1.0_fp16", "turbo"),
        ("dreamshaperXL_lightningDPMSDE", "lightning"),
        ("LCM_Dreamshaper_v7", "lcm"),
        ("Hyper-SDXL-8steps", "hyper"),
        ("juggernautXL_hyper_8step", "hyper"),
        ("realisticHyperrealism", None),
        ("hyperRealism_v3", None),
        ("ponyDiffusionV6XL", None),
    ],
)
def test_names_hint_at_few_steps(tmp_path: Path, name: str, distilled: str | None) -> None:
    assert single(tmp_path, under(SD_PREFIX, ORIGINAL["sdxl"]), name).distilled == distilled


@pytest.mark.parametrize("kind", ["sd1", "sd2", "sdxl", "sdxl-refiner", "stable-unclip"])
def test_real_unets_in_diffusers_names_are_told(tmp_path: Path, kind: str) -> None:
    found = single(tmp_path, shapes_of(lambda: unet(kind)))
    assert (found.kind, found.architecture, found.layout) == ("diffusion model", kind, "diffusers")


@pytest.mark.parametrize("kind", ["kandinsky22", "karlo"])
def test_real_decoders_from_embeddings_are_told(tmp_path: Path, kind: str) -> None:
    found = single(tmp_path, shapes_of(lambda: unet(kind)))
    assert (found.family, found.architecture) == ("unclip", kind)


def test_an_inpainting_and_a_guided_unet_are_told(tmp_path: Path) -> None:
    found = single(tmp_path, shapes_of(lambda: unet("sd1", in_channels=9, time_cond_proj_dim=8)))
    assert (found.variant, found.distilled) == ("inpaint", "lcm")
    assert single(tmp_path, shapes_of(lambda: unet("kandinsky22", in_channels=9))).variant == (
        "inpaint"
    )


@pytest.mark.parametrize(
    ("kind", "changes", "name", "variant"),
    [
        ("sd3", {}, "m", "3-medium"),
        ("sd3", {"qk_norm": "rms_norm"}, "m", "3.5-large"),
        ("sd3", {"qk_norm": "rms_norm", "dual_attention_layers": (0,)}, "m", "3.5-medium"),
        ("flux1", {}, "m", "dev"),
        ("flux1", {}, "flux1-kontext-dev", "kontext"),
        ("flux1", {"in_channels": 384}, "m", "fill"),
        ("flux1", {"in_channels": 128}, "m", "control"),
        ("flux1", {"guidance_embeds": False}, "m", "schnell"),
        ("flux2", {}, "m", "dev"),
        (
            "flux2",
            {"guidance_embeds": False, "num_attention_heads": 24, "joint_attention_dim": 7680},
            "m",
            "klein-4b",
        ),
        ("flux2", {"guidance_embeds": False, "num_attention_heads": 32}, "m", "klein-9b"),
        ("flux2", {"guidance_embeds": False}, "flux-2-klein-base", "klein-9b-base"),
        ("chroma", {}, "m", None),
        ("z-image", {}, "m", None),
        ("z-image", {}, "z_image_base", "base"),
        ("qwen-image", {}, "m", None),
        ("qwen-image", {}, "qwen-image-edit-2509", "edit"),
    ],
)
def test_real_transformers_are_told(
    tmp_path: Path, kind: str, changes: dict[str, Any], name: str, variant: str | None
) -> None:
    found = single(tmp_path, shapes_of(lambda: transformer(kind, **changes)), name, dtype="BF16")
    assert (found.kind, found.family, found.architecture) == ("diffusion model", "flow", kind)
    assert (found.variant, found.prediction) == (variant, "flow")
    assert found.precision == "bf16"


@pytest.mark.parametrize(
    ("shapes", "architecture", "variant"),
    [
        (
            {
                "joint_blocks.0.x_block.attn.qkv.weight": (3, 1),
                "joint_blocks.0.x_block.attn.ln_q.weight": (64,),
            },
            "sd3",
            "3.5-large",
        ),
        (
            {
                "double_blocks.0.img_attn.qkv.weight": (9, 3),
                "img_in.weight": (3, 64),
                "guidance_in.in_layer.weight": (3, 256),
            },
            "flux1",
            "dev",
        ),
        (
            {"double_blocks.0.img_attn.qkv.weight": (9, 3), "img_in.weight": (3, 64)},
            "flux1",
            "schnell",
        ),
        (
            {
                "double_blocks.0.img_attn.qkv.weight": (9, 3),
                "distilled_guidance_layer.in_proj.bias": (3,),
            },
            "chroma",
            None,
        ),
        (
            {
                "double_stream_modulation_img.lin.weight": (9, 3),
                "img_in.weight": (3072, 128),
            },
            "flux2",
            "klein-4b",
        ),
        (
            {
                "cap_embedder.1.weight": (3, 2560),
                "noise_refiner.0.attention.qkv.weight": (9, 3),
                "layers.0.adaLN_modulation.0.weight": (9, 3),
            },
            "z-image",
            None,
        ),
    ],
)
def test_the_authors_own_names_of_transformers_are_told(
    tmp_path: Path, shapes: Shapes, architecture: str, variant: str | None
) -> None:
    for prefix in ("", SD_PREFIX, "diffusion_model."):
        found = single(tmp_path, under(prefix, shapes))
        assert (found.architecture, found.variant) == (architecture, variant)
        assert (found.kind, found.layout) == ("diffusion model", "original")


def test_what_the_tensors_leave_open_is_noted(tmp_path: Path) -> None:
    for kind, said in (("flux1", "Kontext"), ("qwen-image", "Edit"), ("z-image", "Turbo")):
        found = single(tmp_path, shapes_of(lambda kind=kind: transformer(kind)))
        assert any(said in note for note in found.notes)


def test_a_prior_is_of_no_one_model(tmp_path: Path) -> None:
    found = single(tmp_path, shapes_of(lambda: transformer("prior")))
    assert (found.family, found.architecture, found.parts) == ("unclip", "prior", ("prior",))


@pytest.mark.parametrize(
    ("dtypes", "precision"),
    [
        ({}, "fp16"),
        ({"x": "F8_E4M3"}, "fp8"),
        ({"x": "F8_E5M2"}, "fp8_e5m2"),
        ({"x": "F32"}, "fp32+fp16"),
        ({"x": "U8"}, "packed"),
    ],
)
def test_the_precision_is_that_of_the_bytes(
    tmp_path: Path, dtypes: dict[str, str], precision: str
) -> None:
    shapes = {**ORIGINAL["sd1"], "x": (400_000 if "F32" not in dtypes.values() else 5000,)}
    assert single(tmp_path, shapes, dtypes=dtypes).precision == precision


def vae(**changes: Any) -> nn.Module:
    from diffusers import AutoencoderKL

    return AutoencoderKL(**changes)


def test_real_autoencoders_are_told(tmp_path: Path) -> None:
    import diffusers

    made: dict[str, tuple[Any, str]] = {
        "sd1": (vae, "vae-ft-mse"),
        "sdxl": (vae, "sdxl_vae"),
        "flux1": (lambda: vae(latent_channels=16, use_quant_conv=False), "ae"),
        "sd3": (lambda: vae(latent_channels=16), "sd3_vae"),
        "flux2": (lambda: diffusers.AutoencoderKLFlux2(), "flux2-vae"),
        "qwen-image": (lambda: diffusers.AutoencoderKLQwenImage(base_dim=8), "qwen_vae"),
        "kandinsky22": (lambda: diffusers.VQModel(norm_type="spatial"), "movq"),
        "tiny-sd1": (lambda: diffusers.AutoencoderTiny(), "taesd"),
        "tiny-sdxl": (lambda: diffusers.AutoencoderTiny(), "taesdxl"),
        "tiny-flux1": (lambda: diffusers.AutoencoderTiny(latent_channels=16), "taef1"),
        "tiny-sd3": (lambda: diffusers.AutoencoderTiny(latent_channels=16), "taesd3"),
    }
    for architecture, (make, name) in made.items():
        found = single(tmp_path, shapes_of(make), name)
        assert (found.kind, found.architecture) == ("vae", architecture), name


def test_half_a_tiny_autoencoder_in_its_first_layout_is_told(tmp_path: Path) -> None:
    encoder = {
        "0.weight": (64, 3, 3, 3),
        "1.conv.0.weight": (64, 64, 3, 3),
        "14.weight": (16, 64, 3, 3),
    }
    decoder = {"1.weight": (64, 4, 3, 3), "3.conv.0.weight": (64, 64, 3, 3)}
    assert single(tmp_path, encoder, "taef1_encoder").architecture == "tiny-flux1"
    assert single(tmp_path, decoder, "taesd_decoder").architecture == "tiny-sd1"


def test_real_encoders_are_told(tmp_path: Path) -> None:
    import transformers as t

    small: dict[str, Any] = {
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "intermediate_size": 8,
        "vocab_size": 50,
        "pad_token_id": 0,
    }
    clip: dict[str, Any] = {"num_hidden_layers": 1, "num_attention_heads": 2}
    sight = t.CLIPVisionConfig(hidden_size=1024, **clip)
    both = t.CLIPConfig(
        text_config={"hidden_size": 768, **clip}, vision_config={"hidden_size": 1024, **clip}
    )
    made: dict[tuple[str, str], Any] = {
        ("text encoder", "clip-l"): lambda: t.CLIPTextModel(
            t.CLIPTextConfig(hidden_size=768, **clip)
        ),
        ("text encoder", "clip-g"): lambda: t.CLIPTextModelWithProjection(
            t.CLIPTextConfig(hidden_size=1280, **clip)
        ),
        ("image encoder", "clip-l"): lambda: t.CLIPVisionModelWithProjection(sight),
        ("text encoder", "t5-xxl"): lambda: t.T5EncoderModel(
            t.T5Config(d_model=4096, num_layers=2, d_ff=8, num_heads=2, vocab_size=50)
        ),
        ("text encoder", "qwen3-4b"): lambda: t.Qwen3Model(
            t.Qwen3Config(hidden_size=2560, head_dim=8, **small)
        ),
        ("text encoder", "gemma2"): lambda: t.Gemma2Model(
            t.Gemma2Config(hidden_size=16, head_dim=8, **small)
        ),
    }
    for (kind, architecture), make in made.items():
        found = single(tmp_path, shapes_of(make))
        assert (found.kind, found.architecture) == (kind, architecture)
    ranking = single(tmp_path, shapes_of(lambda: t.CLIPModel(both)))
    assert (ranking.kind, ranking.architecture) == ("image encoder", "clip-l")
    assert set(ranking.parts) == {"image_encoder", "text_encoder"}


def test_the_safety_checker_is_told(tmp_path: Path) -> None:
    shapes = {
        "concept_embeds": (17, 768),
        "special_care_embeds": (3, 768),
        "vision_model.vision_model.embeddings.class_embedding": (1024,),
    }
    assert single(tmp_path, shapes).kind == "safety checker"


@pytest.mark.parametrize(
    ("shapes", "architecture"),
    [
        ({"emb_params": (4, 768)}, "sd1"),
        ({"emb_params": (4, 1024)}, "sd2"),
        ({"clip_l": (4, 768), "clip_g": (4, 1280)}, "sdxl"),
        ({"<my-token>": (768,)}, "sd1"),
        ({"emb_params": (4, 32)}, None),
    ],
)
def test_textual_inversions_are_told_by_their_widths(
    tmp_path: Path, shapes: Shapes, architecture: str | None
) -> None:
    found = single(tmp_path, shapes)
    assert (found.kind, found.architecture) == ("embedding", architecture)


def test_guides_are_listed_with_the_reason(tmp_path: Path) -> None:
    import diffusers

    nets: dict[str, Any] = {
        "sd1": lambda: diffusers.ControlNetModel(
            block_out_channels=(32, 32, 32, 32), cross_attention_dim=768
        ),
        "flux1": lambda: diffusers.FluxControlNetModel(num_layers=1, num_single_layers=1),
        "sd3": lambda: diffusers.SD3ControlNetModel(num_layers=1),
    }
    for architecture, make in nets.items():
        found = single(tmp_path, shapes_of(make))
        assert (found.kind, found.architecture) == ("controlnet", architecture)
        assert "not supported yet" in found.reason
    ip = single(
        tmp_path, {"image_proj.proj.weight": (3, 1), "ip_adapter.1.to_k_ip.weight": (3, 768)}
    )
    assert (ip.variant, ip.architecture) == ("ip-adapter", "sd1")


@pytest.mark.parametrize(
    ("shapes", "architecture", "variant"),
    [
        (
            {
                "model.0.weight": (8, 3, 3, 3),
                "model.1.sub.0.RDB1.conv1.0.weight": (4, 8, 3, 3),
                "model.1.sub.1.weight": (8, 8, 3, 3),
                "model.3.weight": (8, 8, 3, 3),
                "model.6.weight": (8, 8, 3, 3),
                "model.8.weight": (8, 8, 3, 3),
                "model.10.weight": (3, 8, 3, 3),
            },
            "rrdb",
            "x4",
        ),
        (
            {
                "params_ema.conv_first.weight": (8, 12, 3, 3),
                "params_ema.body.0.rdb1.conv1.weight": (4, 8, 3, 3),
                "params_ema.conv_up1.weight": (8, 8, 3, 3),
                "params_ema.conv_up2.weight": (8, 8, 3, 3),
                "params_ema.conv_last.weight": (3, 8, 3, 3),
            },
            "rrdb",
            "x2",
        ),
        (
            {
                "body.0.weight": (8, 3, 3, 3),
                "body.1.weight": (8,),
                "body.2.weight": (48, 8, 3, 3),
            },
            "srvgg",
            "x4",
        ),
        ({"layers.0.residual_group.blocks.0.norm1.weight": (8,)}, "other", None),
    ],
)
def test_upscalers_are_told(
    tmp_path: Path, shapes: Shapes, architecture: str, variant: str | None
) -> None:
    found = single(tmp_path, shapes)
    assert (found.kind, found.architecture, found.variant) == ("upscaler", architecture, variant)


@pytest.mark.parametrize("suffix", [".ckpt", ".pt", ".pth", ".bin", ".gguf", ".onnx"])
def test_other_formats_are_refused_by_name_and_never_opened(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(b"\x80\x04N.")
    monkeypatch.setattr(Path, "open", lambda *_, **__: pytest.fail("it was opened"))
    found = identified(path)
    assert found.kind == "refused"
    assert path.name in found.reason
    assert "safetensors" in found.reason


def test_broken_files_are_refused_with_the_sentence(tmp_path: Path) -> None:
    huge = identified(raw(tmp_path / "a.safetensors", b"{}", length=9 * 2**60))
    assert huge.kind == "refused"
    assert "claims 10376293541461622784 bytes" in huge.reason
    assert identified(tmp_path / "gone.safetensors").reason.endswith("does not exist.")
    index = indexed(tmp_path / "shards", [{"a": (1,)}, {"b": (1,)}])
    (tmp_path / "shards" / "model-00001-of-00002.safetensors").unlink()
    assert "is missing" in identified(index.parent).reason


def test_what_nothing_knows_is_unknown_with_a_reason(tmp_path: Path) -> None:
    found = single(tmp_path, {"a.weight": (3, 3), "b.weight": (3, 3), "c": (1,), "d": (1,)})
    assert found.kind == "unknown"
    assert "not those of any kind" in found.reason
    video = single(tmp_path, {"head.modulation": (1, 2, 3), "blocks.0.self_attn.q.weight": (3, 3)})
    assert (video.kind, video.architecture, video.family) == ("diffusion model", "wan", None)


def test_a_video_network_is_not_taken_for_sd2(tmp_path: Path) -> None:
    shapes = {**ORIGINAL["sd2"], "input_blocks.1.1.time_stack.0.attn1.to_q.weight": (8, 8)}
    assert single(tmp_path, under(SD_PREFIX, shapes)).kind == "unknown"


def test_a_cached_repository_is_known_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "models--stabilityai--sdxl-turbo" / "snapshots" / "0a1b"
    folder.mkdir(parents=True)
    assert title_of(folder) == "sdxl-turbo"
    assert title_of(tmp_path / "a.b.safetensors") == "a.b"


# Folders


def diffusers_folder(folder: Path, pipeline: str, parts: dict[str, Any], **index: Any) -> Path:
    """Write a folder of parts; a dict is a configuration without weights, a tuple has both."""
    told: dict[str, Any] = {"_class_name": pipeline, **index}
    for name, (kind, config, shapes) in parts.items():
        told[name] = ["diffusers", kind]
        part = folder / name
        part.mkdir(parents=True)
        file = "scheduler_config.json" if name == "scheduler" else "config.json"
        (part / file).write_text(json.dumps(config))
        if shapes is not None:
            written(part / "diffusion_pytorch_model.safetensors", shapes)
    (folder / "model_index.json").write_text(json.dumps(told))
    return folder


ONE: Shapes = {"w": (4, 4)}


def sd_folder(tmp_path: Path, pipeline: str = "StableDiffusionPipeline", **config: Any) -> Path:
    scheduler = config.pop("scheduler", {"_class_name": "DDIMScheduler"})
    parts = {
        "unet": ("UNet2DConditionModel", config, ONE),
        "vae": ("AutoencoderKL", {}, ONE),
        "text_encoder": ("CLIPTextModel", {}, ONE),
        "tokenizer": ("CLIPTokenizer", {}, None),
        "scheduler": (str(scheduler["_class_name"]), scheduler, None),
    }
    return diffusers_folder(tmp_path / "mine", pipeline, parts)


def test_a_diffusers_folder_tells_parts_bytes_and_precision(tmp_path: Path) -> None:
    found = identified(sd_folder(tmp_path, cross_attention_dim=768))
    assert (found.kind, found.architecture, found.layout) == ("checkpoint", "sd1", "diffusers")
    assert found.part_bytes == {"unet": 32, "vae": 32, "text_encoder": 32}
    assert (found.precision, found.prediction, found.distilled) == ("fp16", "epsilon", None)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"cross_attention_dim": 1024}, ("sd2", None, "epsilon")),
        ({"cross_attention_dim": 32, "use_linear_projection": True}, ("sd2", None, "epsilon")),
        ({"cross_attention_dim": 32}, ("sd1", None, "epsilon")),
        ({"in_channels": 9}, ("sd1", "inpaint", "epsilon")),
        (
            {"scheduler": {"_class_name": "DDIMScheduler", "prediction_type": "v_prediction"}},
            ("sd1", None, "v"),
        ),
    ],
)
def test_configurations_tell_architecture_variant_and_prediction(
    tmp_path: Path, config: dict[str, Any], expected: tuple[str, str | None, str]
) -> None:
    found = identified(sd_folder(tmp_path, **config))
    assert (found.architecture, found.variant, found.prediction) == expected


@pytest.mark.parametrize(
    ("config", "distilled"),
    [
        ({"time_cond_proj_dim": 256}, "lcm"),
        ({"scheduler": {"_class_name": "LCMScheduler"}}, "lcm"),
        (
            {
                "scheduler": {
                    "_class_name": "EulerAncestralDiscreteScheduler",
                    "timestep_spacing": "trailing",
                }
            },
            "turbo",
        ),
        (
            {
                "scheduler": {
                    "_class_name": "EulerDiscreteScheduler",
                    "timestep_spacing": "trailing",
                    "prediction_type": "v_prediction",
                    "rescale_betas_zero_snr": True,
                }
            },
            None,
        ),
    ],
)
def test_configurations_tell_few_steps(
    tmp_path: Path, config: dict[str, Any], distilled: str | None
) -> None:
    assert identified(sd_folder(tmp_path, **config)).distilled == distilled


@pytest.mark.parametrize(
    ("pipeline", "family", "architecture", "variant"),
    [
        ("StableUnCLIPImg2ImgPipeline", "unclip", "stable-unclip", None),
        ("UnCLIPPipeline", "unclip", "karlo", None),
        ("KandinskyV22Pipeline", "unclip", "kandinsky22", None),
        ("KandinskyV22InpaintPipeline", "unclip", "kandinsky22", "inpaint"),
        ("KandinskyV22PriorPipeline", "unclip", "kandinsky22", "prior"),
        ("StableDiffusion3Pipeline", "flow", "sd3", "3-medium"),
        ("FluxPipeline", "flow", "flux1", "schnell"),
        ("FluxFillPipeline", "flow", "flux1", "fill"),
        ("FluxKontextPipeline", "flow", "flux1", "kontext"),
        ("Flux2KleinPipeline", "flow", "flux2", "klein"),
        ("ChromaPipeline", "flow", "chroma", None),
        ("ZImagePipeline", "flow", "z-image", None),
        ("QwenImagePipeline", "flow", "qwen-image", None),
        ("QwenImageEditPlusPipeline", "flow", "qwen-image", "edit"),
    ],
)
def test_pipelines_tell_the_family(
    tmp_path: Path, pipeline: str, family: str, architecture: str, variant: str | None
) -> None:
    found = identified(sd_folder(tmp_path, pipeline))
    assert (found.family, found.architecture, found.variant) == (family, architecture, variant)


def test_sdxl_and_its_refiner_differ_by_their_text_encoders(tmp_path: Path) -> None:
    folder = sd_folder(tmp_path, "StableDiffusionXLPipeline", cross_attention_dim=2048)
    assert identified(folder).architecture == "sdxl"
    index = json.loads((folder / "model_index.json").read_text())
    index["text_encoder"] = [None, None]
    (folder / "model_index.json").write_text(json.dumps(index))
    assert identified(folder).architecture == "sdxl-refiner"


def test_a_pipeline_that_nothing_knows_is_unknown(tmp_path: Path) -> None:
    found = identified(sd_folder(tmp_path, "AudioLDMPipeline"))
    assert found.kind == "unknown"
    assert "AudioLDMPipeline" in found.reason


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("gone", "lacks its part vae"),
        ("empty", "was not fetched whole"),
        ("pickled", "diffusion_pytorch_model.bin, which can run code"),
        ("index", "cannot be read"),
        ("list", "not a table of settings"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused(tmp_path: Path, damage: str, said: str) -> None:
    folder = sd_folder(tmp_path)
    part = folder / "vae"
    (part / "diffusion_pytorch_model.safetensors").unlink()
    if damage == "gone":
        (part / "config.json").unlink()
        part.rmdir()
    elif damage == "pickled":
        (part / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04N.")
    elif damage in ("index", "list"):
        (folder / "model_index.json").write_text("[]" if damage == "list" else "{")
    found = identified(folder)
    assert found.kind == "refused"
    assert said in found.reason


def test_the_embedded_model_is_known() -> None:
    from engine.weights import embedded_folder

    folder = embedded_folder()
    assert folder is not None
    found = identified(folder)
    assert (found.kind, found.family) == ("checkpoint", "unclip")
