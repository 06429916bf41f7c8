"""What a painter may name, and what it stands for."""

from __future__ import annotations

import pytest

from engine.downloads.sources import folder_name, sources
from engine.errors import DownloadError


@pytest.mark.parametrize(
    ("wanted", "repository", "revision", "files", "name"),
    [
        ("hf:a/b", "a/b", "main", (), "b"),
        ("hf:a/b@refs/pr/41", "a/b", "refs/pr/41", (), "b"),
        ("hf:a/b:x/y.safetensors", "a/b", "main", ("x/y.safetensors",), "y"),
        ("hf:a/b@v1:y.safetensors", "a/b", "v1", ("y.safetensors",), "y"),
        ("https://huggingface.co/a/b", "a/b", "main", (), "b"),
        ("https://huggingface.co/a/b/tree/refs%2Fpr%2F1", "a/b", "refs/pr/1", (), "b"),
        (
            "https://huggingface.co/a/b/resolve/main/x/y.safetensors?download=true",
            "a/b",
            "main",
            ("x/y.safetensors",),
            "y",
        ),
    ],
)
def test_a_repository_is_named_in_several_ways(
    wanted: str, repository: str, revision: str, files: tuple[str, ...], name: str
) -> None:
    [source] = sources(wanted)
    assert (source.repository, source.revision, source.files) == (repository, revision, files)
    assert source.name == name
    assert source.licence is None


def test_what_a_source_is_shown_as_names_it_again() -> None:
    for wanted in ("hf:a/b", "hf:a/b@v1", "hf:a/b:y.safetensors", "hf:a/b@v1:x/y.safetensors"):
        [source] = sources(wanted)
        assert source.shown == wanted


def test_a_model_of_the_catalogue_comes_after_what_it_needs() -> None:
    assert [one.name for one in sources("kandinsky22")] == ["kandinsky22-prior", "kandinsky22"]
    assert [one.name for one in sources("previews")][:2] == ["taesd", "taesdxl"]
    [safety] = sources("safety-checker")
    assert safety.shown == "hf:CompVis/stable-diffusion-safety-checker@refs/pr/41"


def test_an_address_may_state_its_hash_and_hides_its_key() -> None:
    [source] = sources(f"https://example.com/a.safetensors?type=Model&token=abc#sha256={'A' * 64}")
    assert source.sha256 == "a" * 64
    assert source.address == "https://example.com/a.safetensors?type=Model&token=abc"
    assert source.shown == "https://example.com/a.safetensors?type=Model&token=..."


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("hf:alone", "unknown"),
        ("hf:a/b/c", "unknown"),
        ("hf:../b", "unknown"),
        ("hf:a/b@../../x", "unknown"),
        ("ftp://example.com/x.safetensors", "address"),
        ("file:///etc/passwd", "address"),
        ("https://user:geheim@example.com/x.safetensors", "address"),
        ("https://", "address"),
        ("sd16", "unknown"),
        ("", "unknown"),
    ],
)
def test_what_means_nothing_is_a_sentence(wanted: str, reason: str) -> None:
    with pytest.raises(DownloadError) as caught:
        sources(wanted)
    assert caught.value.reason == reason
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("text", "name"),
    [("../x", "x"), (".hidden", "hidden"), ("a b/c", "a-b-c"), ("...", "model"), ("é", "model")],
)
def test_a_folder_name_stays_in_its_folder_and_is_seen(text: str, name: str) -> None:
    assert folder_name(text) == name
