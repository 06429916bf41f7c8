"""Why a file is not accepted, by its name alone, and where the same model is to be had instead."""

from __future__ import annotations

from pathlib import PurePath

PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
_PULLED = (  # how a well-known file's name starts -> what gets the same model
    ("v1-5-pruned", "sd15"),
    ("sd-v1-5-inpainting", "sd15-inpaint"),
    ("sd_xl_base_1.0", "sdxl"),
    ("RealESRGAN_x4plus", "realesrgan-x4"),
    ("4x-UltraSharp", "ultrasharp-x4"),
    ("sd-v1-4", "hf:CompVis/stable-diffusion-v1-4"),
    ("vae-ft-mse-840000", "hf:stabilityai/sd-vae-ft-mse"),
    ("vae-ft-ema-560000", "hf:stabilityai/sd-vae-ft-ema"),
)
_ELSEWHERE = (
    "Look for the same model as safetensors: on its page at Hugging Face among the files, at "
    "Civitai in the choice of formats, or with `mahlstick models pull`."
)


def reason_against(name: str) -> str:
    """Return a sentence on why a file of another format is refused."""
    suffix = PurePath(name).suffix.lower()
    if suffix in PICKLES:
        told = next((pulled for start, pulled in _PULLED if name.startswith(start)), None)
        where = _ELSEWHERE if told is None else f"Get it with: mahlstick models pull {told}"
        return (
            f"{name} is a pickle, which can run code when it is read: it was not opened, and "
            f"only safetensors are accepted. {where}"
        )
    if suffix == ".gguf":
        return (
            f"{name} is quantised in a format (GGUF) that only programs made for it can compute "
            "with, and is not accepted. Get the model as safetensors; where memory is short, in "
            "fp8."
        )
    return f"{name} is not a safetensors file, the one format that is accepted."
