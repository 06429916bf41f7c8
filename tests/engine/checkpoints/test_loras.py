"""LoRAs of every layout are told with the models that they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.checkpoints.identity import Identity, identified
from tests.engine.checkpoints.files import written

Layers = dict[str, tuple[int, int]]  # module -> (in, out)
ENDS = {
    "kohya": ("lora_down.weight", "lora_up.weight"),
    "peft": ("lora_A.weight", "lora_B.weight"),
}


def lora(path: Path, layers: Layers, ends: str, metadata: dict[str, str] | None = None) -> Identity:
    down, up = ENDS[ends]
    shapes: dict[str, tuple[int, ...]] = {}
    for module, (taken, made) in layers.items():
        shapes[f"{module}.{down}"] = (4, taken)
        shapes[f"{module}.{up}"] = (made, 4)
        if ends == "kohya":
            shapes[f"{module}.alpha"] = ()
    return identified(written(path / "lora.safetensors", shapes, metadata=metadata))


SD1 = "down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
SDXL = "input_blocks_4_1_transformer_blocks_1_attn2_to_k"


@pytest.mark.parametrize(
    ("layers", "ends", "layout", "architecture"),
    [
        ({f"lora_unet_{SD1}": (768, 320)}, "kohya", "kohya", "sd1"),
        ({f"lora_unet_{SD1}": (1024, 320)}, "kohya", "kohya", "sd2"),
        ({f"lora_unet_{SDXL}": (2048, 640)}, "kohya", "kohya", "sdxl"),
        ({f"lora_unet_{SDXL}": (1280, 640)}, "kohya", "kohya", "sdxl-refiner"),
        (
            {"unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k": (768, 320)},
            "peft",
            "peft",
            "sd1",
        ),
        (
            {"unet.down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_k": (640, 640)},
            "peft",
            "peft",
            "sdxl",
        ),
        (
            {"unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_k": (320, 320)},
            "peft",
            "peft",
            "sd1",
        ),
        ({"lora_unet_double_blocks_0_img_attn_qkv": (3072, 9216)}, "kohya", "kohya", "flux1"),
        ({"lora_unet_single_blocks_0_linear1": (3072, 21504)}, "kohya", "kohya", "flux1"),
        ({"lora_unet_single_blocks_0_linear1": (3072, 27648)}, "kohya", "kohya", "flux2"),
        (
            {"diffusion_model.double_blocks.0.img_attn.qkv": (3072, 9216)},
            "peft",
            "original",
            "flux1",
        ),
        (
            {
                "transformer.single_transformer_blocks.0.attn.to_q": (3072, 3072),
                "transformer.transformer_blocks.0.attn.to_q": (3072, 3072),
            },
            "peft",
            "peft",
            "flux1",
        ),
        (
            {"transformer.single_transformer_blocks.0.attn.to_qkv_mlp_proj": (3072, 27648)},
            "peft",
            "peft",
            "flux2",
        ),
        (
            {
                "transformer.transformer_blocks.0.attn.to_q": (1536, 1536),
                "transformer.transformer_blocks.0.ff_context.net.0.proj": (1536, 6144),
            },
            "peft",
            "peft",
            "sd3",
        ),
        ({"lora_unet_joint_blocks_0_x_block_attn_qkv": (1536, 4608)}, "kohya", "kohya", "sd3"),
        (
            {"transformer.transformer_blocks.59.attn.to_q": (3072, 3072)},
            "peft",
            "peft",
            "qwen-image",
        ),
        (
            {"transformer.transformer_blocks.0.img_mlp.net.0.proj": (3072, 12288)},
            "peft",
            "peft",
            "qwen-image",
        ),
        (
            {"diffusion_model.layers.0.attention.to_q": (3840, 3840)},
            "peft",
            "original",
            "z-image",
        ),
        (
            {"lora_te_text_model_encoder_layers_0_mlp_fc1": (768, 3072)},
            "kohya",
            "kohya",
            "sd1",
        ),
        (
            {"lora_te2_text_model_encoder_layers_0_mlp_fc1": (1280, 5120)},
            "kohya",
            "kohya",
            "sdxl",
        ),
    ],
)
def test_layout_and_architecture_are_told(
    tmp_path: Path, layers: Layers, ends: str, layout: str, architecture: str
) -> None:
    found = lora(tmp_path, layers, ends)
    assert (found.kind, found.variant) == ("lora", None)
    assert (found.layout, found.architecture, found.reason) == (layout, architecture, "")


def test_old_attention_processors_are_told(tmp_path: Path) -> None:
    name = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora"
    shapes = {f"{name}.down.weight": (4, 768), f"{name}.up.weight": (320, 4)}
    found = identified(written(tmp_path / "a.safetensors", shapes))
    assert (found.layout, found.architecture) == ("diffusers-old", "sd1")


@pytest.mark.parametrize(
    ("ends", "kind", "method"),
    [
        ({"hada_w1_a": (4, 4), "hada_w1_b": (4, 768)}, "lycoris", "loha"),
        ({"lokr_w1": (4, 4), "lokr_w2": (80, 192)}, "lycoris", "lokr"),
        ({"lokr_w1_a": (4, 4), "lokr_w2_b": (4, 192)}, "lycoris", "lokr"),
        ({"on_input": (1,), "weight": (768,)}, "lycoris", "ia3"),
        ({"diff": (320, 768)}, "lycoris", "full"),
        ({"lora_down.weight": (4, 768, 3, 3), "lora_up.weight": (8, 4, 1, 1)}, "lycoris", "locon"),
        (
            {
                "lora_down.weight": (4, 768),
                "lora_mid.weight": (4, 4, 3, 3),
                "lora_up.weight": (8, 4),
            },
            "lycoris",
            "locon",
        ),
        (
            {"lora_down.weight": (4, 768), "lora_up.weight": (320, 4), "dora_scale": (320, 1)},
            "lora",
            "dora",
        ),
    ],
)
def test_methods_are_told(
    tmp_path: Path, ends: dict[str, tuple[int, ...]], kind: str, method: str
) -> None:
    shapes = {f"lora_unet_{SD1}.{end}": shape for end, shape in ends.items()}
    found = identified(written(tmp_path / "a.safetensors", shapes))
    assert (found.kind, found.variant, found.architecture) == (kind, method, "sd1")


def test_metadata_decides_what_tensors_leave_open(tmp_path: Path) -> None:
    layers = {"lora_unet_double_blocks_0_img_attn_qkv": (3072, 9216)}
    assert lora(tmp_path, layers, "kohya", {"ss_base_model_version": "chroma"}).architecture == (
        "chroma"
    )
    unclear = {"lora_unet_something": (5, 5)}
    found = lora(tmp_path, unclear, "kohya", {"modelspec.architecture": "stable-diffusion-v1/lora"})
    assert found.architecture == "sd1"
    found = lora(tmp_path, unclear, "kohya")
    assert found.architecture is None
    assert "written neither in its tensors" in found.notes[0]


def test_metadata_does_not_overrule_tensors(tmp_path: Path) -> None:
    layers = {f"lora_unet_{SD1}": (768, 320)}
    told = {"ss_base_model_version": "sdxl_base_v1-0"}
    assert lora(tmp_path, layers, "kohya", told).architecture == "sd1"


def test_the_parts_that_it_changes_are_told(tmp_path: Path) -> None:
    layers = {
        f"lora_unet_{SDXL}": (2048, 640),
        "lora_te1_text_model_encoder_layers_0_mlp_fc1": (768, 3072),
        "lora_te2_text_model_encoder_layers_0_mlp_fc1": (1280, 5120),
    }
    assert lora(tmp_path, layers, "kohya").parts == ("network", "text_encoder", "text_encoder_2")
