"""What models are said to need is what the published networks take, and what files hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from engine import Size
from engine.residency.needs import WEIGHTS, WORK, Needs, needs_of, with_beside
from engine.weights import embedded_folder
from tests.engine.residency.peak import peak
from tests.engine.tiny_checkpoints import unclip

SDXL: dict[str, Any] = {
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 2),  # ten in truth: the peak is elsewhere
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}


def empty(*shape: int) -> torch.Tensor:
    return torch.empty(shape, device="meta", dtype=torch.float16)


def unet(**config: Any) -> Any:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    with torch.device("meta"):
        return UNet2DConditionModel(**config)


def sd1(side: int, rows: int) -> tuple[Any, Callable[[], object]]:
    network = unet(sample_size=64, cross_attention_dim=768, attention_head_dim=8).half()
    cells = side // 8
    given = empty(rows, 4, cells, cells), empty(), empty(rows, 77, 768)
    return network, lambda: network(*given, return_dict=False)


def sdxl(side: int, rows: int) -> tuple[Any, Callable[[], object]]:
    network = unet(**SDXL).half()
    cells = side // 8
    given = empty(rows, 4, cells, cells), empty(), empty(rows, 77, 2048)
    more = {"text_embeds": empty(rows, 1280), "time_ids": empty(rows, 6)}
    return network, lambda: network(*given, added_cond_kwargs=more, return_dict=False)


def flux1(side: int, rows: int) -> tuple[Any, Callable[[], object]]:
    from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel

    with torch.device("meta"):
        network = FluxTransformer2DModel(num_layers=1, num_single_layers=1, guidance_embeds=True)
    network = network.half()
    tokens = (side // 16) ** 2
    given = {
        "hidden_states": empty(rows, tokens, 64),
        "encoder_hidden_states": empty(rows, 512, 4096),
        "pooled_projections": empty(rows, 768),
        "timestep": empty(rows),
        "guidance": empty(rows),
        "img_ids": empty(tokens, 3),
        "txt_ids": empty(512, 3),
    }
    return network, lambda: network(**given, return_dict=False)


def sd3(side: int, rows: int) -> tuple[Any, Callable[[], object]]:
    from diffusers.models.transformers.transformer_sd3 import SD3Transformer2DModel

    config = {"joint_attention_dim": 4096, "pooled_projection_dim": 2048, "out_channels": 16}
    with torch.device("meta"):
        network = SD3Transformer2DModel(
            num_layers=2, num_attention_heads=38, caption_projection_dim=2432, **config
        ).half()
    given = {
        "hidden_states": empty(rows, 16, side // 8, side // 8),
        "encoder_hidden_states": empty(rows, 512, 4096),
        "pooled_projections": empty(rows, 2048),
        "timestep": empty(rows),
    }
    return network, lambda: network(**given, return_dict=False)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # diffusers' own, of its position embeddings
@pytest.mark.parametrize(
    ("made", "side", "rows"),
    [(sd1, 512, 2), (sd1, 768, 1), (sdxl, 1024, 2), (flux1, 1024, 1), (sd3, 1024, 2)],
)
def test_the_published_networks_take_what_is_said(
    made: Callable[[int, int], tuple[Any, Callable[[], object]]], side: int, rows: int
) -> None:
    network, run = made(side, rows)
    measured = peak(network, run)
    said = Needs({}, made.__name__, "fp16").denoising(Size(side, side), rows)
    assert 0.9 * measured <= said <= 1.25 * measured


def test_the_published_autoencoder_takes_what_is_said() -> None:
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    kinds = {"down_block_types": ("DownEncoderBlock2D",) * 4, "latent_channels": 4}
    with torch.device("meta"):
        network = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
            **kinds,  # type: ignore[arg-type]
        ).half()
    measured = peak(network, lambda: network.decode(empty(1, 4, 64, 64)))
    needs = Needs({}, "sd1", "fp16")
    assert needs.decoding(Size(512, 512)) == pytest.approx(measured, rel=0.05)
    in_fp32 = Needs({}, "sdxl", "fp16").decoding(Size(512, 512))
    assert in_fp32 == 2 * needs.decoding(Size(512, 512)), "it overflows in fp16"


def test_work_grows_with_the_picture_and_its_rows() -> None:
    needs = Needs({}, "sd1", "fp32")
    one = needs.denoising(Size(512, 512), 1)
    assert needs.denoising(Size(1024, 512), 3) == 6 * one
    assert needs.in_precision("bf16").denoising(Size(512, 512), 1) == one // 2


def test_every_architecture_that_is_recognised_is_measured() -> None:
    from engine.checkpoints.kinds import FAMILIES

    small = {"mahlstick-unclip", "prior"}  # nobody runs out of memory for these
    assert set(FAMILIES) - set(WORK) <= small


def test_a_model_of_parts_is_weighed_part_by_part_in_the_precision_asked() -> None:
    folder = embedded_folder()
    assert folder is not None
    short, long = needs_of(folder, "bf16"), needs_of(folder, "fp32")
    assert short.denoiser == "unet"
    assert long.weights == 2 * short.weights
    on_disk = sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
    assert short.weights == pytest.approx(on_disk, rel=0.02)


def test_an_unknown_model_weighs_what_its_files_do(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1000)}, tmp_path / "some.safetensors")
    found = needs_of(tmp_path, "fp32")
    assert found.parts == {WEIGHTS: (tmp_path / "some.safetensors").stat().st_size}
    assert found.work is None
    assert found.denoising(Size(512, 512), 2) == found.decoding(Size(512, 512)) == 0


def test_a_prior_beside_a_decoder_is_counted_too(tmp_path: Path) -> None:
    decoder = unclip.write_kandinsky(tmp_path / "decoder")
    prior = unclip.write_kandinsky_prior(tmp_path / "prior")
    alone, beside = needs_of(decoder, "fp32"), needs_of(prior, "fp32")
    both = with_beside(alone, (prior,))
    assert both.weights == alone.weights + beside.weights
    assert both.denoiser == "unet"
    assert with_beside(alone, ()).parts == alone.parts
    karlo = unclip.write_karlo(tmp_path / "karlo")
    borrowed = with_beside(alone, (karlo,)).parts.keys() - alone.parts.keys()
    assert borrowed == {"karlo/prior", "karlo/text_encoder"}
