"""Which files of a repository are taken."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.downloads.choice import MAX_FILES, MAX_OTHER_BYTES, MAX_WEIGHTS_BYTES, chosen
from engine.downloads.hub import Stated
from engine.errors import DownloadError


def stated(*paths: str, size: int = 10) -> list[Stated]:
    return [Stated(path, size, sha256="0" * 64) for path in paths]


def taken(files: Sequence[Stated], *patterns: str, skip: Sequence[str] = ()) -> set[str]:
    return {file.path for file in chosen(files, patterns, skip, "a/b").files}


def test_of_a_diffusers_repository_its_folders_are_taken_and_no_single_file_beside_them() -> None:
    files = stated(
        "model_index.json",
        "whole-model.safetensors",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "unet/diffusion_pytorch_model.bin",
        "tokenizer/merges.txt",
        "tokenizer/spiece.model",
        "images/sample.png",
        "pipeline.py",
    )
    assert taken(files) == {
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "tokenizer/merges.txt",
        "tokenizer/spiece.model",
    }


def test_of_several_precisions_the_half_one_is_taken_whole() -> None:
    plain = ("unet/m.safetensors.index.json", "unet/m-00001-of-00002.safetensors")
    half = ("unet/m.safetensors.index.fp16.json", "unet/m.fp16-00001-of-00002.safetensors")
    other = ("unet/m.non_ema.safetensors", "vae/v.safetensors", "vae/v.fp16.safetensors")
    files = stated("model_index.json", *plain, *half, *other)
    assert taken(files) == {"model_index.json", *half, "vae/v.fp16.safetensors"}
    assert taken(stated("model_index.json", *plain, "unet/m.fp32.safetensors")) == {
        "model_index.json",
        *plain,
    }
    assert taken(stated("config.json", "x.fp32.safetensors")) == {
        "config.json",
        "x.fp32.safetensors",
    }


def test_of_a_repository_with_one_model_that_one_is_taken() -> None:
    assert taken(stated("deep/model.safetensors", "README.md")) == {"deep/model.safetensors"}
    assert taken(stated("model.safetensors", "config.json", "x/other.safetensors")) == {
        "model.safetensors",
        "config.json",
    }


def test_of_a_repository_with_several_one_is_to_be_named() -> None:
    with pytest.raises(DownloadError, match=r"hf:a/b:FILE.*one\.safetensors") as caught:
        taken(stated("one.safetensors", "two.safetensors"))
    assert caught.value.reason == "unknown"
    assert taken(stated("one.safetensors", "two.safetensors"), "two.safetensors") == {
        "two.safetensors"
    }


def test_patterns_say_what_is_wanted_and_what_is_not() -> None:
    files = stated("unet/a.safetensors", "unet/b.safetensors", "unet/c.json", "vae/d.json")
    assert taken(files, "unet/*", skip=["*b.safetensors"]) == {"unet/a.safetensors", "unet/c.json"}


@pytest.mark.parametrize(
    "path",
    [
        "../x.safetensors",
        "/etc/x.safetensors",
        "a/../../x.safetensors",
        ".ssh/x.safetensors",
        "a//x.safetensors",
        "a/b\\c.safetensors",
        "a\nb.safetensors",
        "1/2/3/4/5/6/x.safetensors",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(DownloadError) as caught:
        taken(stated(path), path)
    assert caught.value.reason == "format"


def test_sizes_and_hashes_must_be_stated_and_sane() -> None:
    for file in (
        Stated("x.safetensors", MAX_WEIGHTS_BYTES + 1, "0" * 64),
        Stated("x.safetensors", -1, "0" * 64),
        Stated("x.safetensors", 10),
    ):
        with pytest.raises(DownloadError):
            taken([file])
    weights = stated("x.safetensors")
    too_large = stated("tokenizer.json", size=MAX_OTHER_BYTES + 1)
    with pytest.raises(DownloadError, match=r"tokenizer\.json"):
        taken([*weights, *stated("config.json"), *too_large])
    with pytest.raises(DownloadError, match=str(MAX_FILES)):
        taken([*weights, *stated("config.json", *(f"{i}.json" for i in range(MAX_FILES)))])


def test_nothing_to_take_says_what_there_is() -> None:
    with pytest.raises(DownloadError, match=r"\.ckpt, \.py") as caught:
        taken(stated("model.ckpt", "run.py"))
    assert caught.value.reason == "format"
