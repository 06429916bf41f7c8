"""Textual inversion against diffusers' `load_textual_inversion`, on tiny CLIPs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.loaders.textual_inversion import TextualInversionLoaderMixin
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from engine.adapters.embeddings import Embeddings, Encoder
from engine.errors import ModelError, RequestError
from engine.prompts import Prompt, chunked
from tests.engine.tiny_checkpoints import latent, loras

TEXT = "a red cat, mark, and a blue cat"


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return latent.write_tokenizer(tmp_path_factory.mktemp("tokenizer"))


def encoders(vocabulary: Path, *parts: str) -> dict[str, tuple[CLIPTokenizer, Any]]:
    made = {}
    for part in parts:
        tokenizer = CLIPTokenizer.from_pretrained(vocabulary)
        second = part == "text_encoder_2"
        config = loras.text_config(2 * loras.WIDTH if second else loras.WIDTH, 2)
        config.vocab_size = len(tokenizer)
        config.bos_token_id, config.eos_token_id = tokenizer.bos_token_id, tokenizer.eos_token_id
        kind = CLIPTextModelWithProjection if second else CLIPTextModel
        with torch.random.fork_rng():
            torch.random.default_generator.manual_seed(3)
            made[part] = tokenizer, kind(config).eval().requires_grad_(False)
    return made


def ours(made: Mapping[str, tuple[CLIPTokenizer, Any]]) -> Embeddings:
    def tokenize(tokenizer: CLIPTokenizer) -> Any:
        return lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]

    return Embeddings({p: Encoder(network, tokenize(t)) for p, (t, network) in made.items()})


def row(tokenizer: CLIPTokenizer, tokens: list[int]) -> Tensor:
    ends = tokenizer.bos_token_id, tokenizer.eos_token_id
    padding = [tokenizer.pad_token_id] * (75 - len(tokens))
    return torch.tensor([[ends[0], *tokens, ends[1], *padding]])


class Pipeline(TextualInversionLoaderMixin):
    """As much of a pipeline as `load_textual_inversion` needs."""

    def __init__(self, tokenizer: CLIPTokenizer, text_encoder: Any) -> None:
        self.tokenizer, self.text_encoder = tokenizer, text_encoder
        self.components: dict[str, Any] = {}
        self.hf_device_map = None

    def hidden(self, text: str) -> Any:
        said = self.tokenizer(
            self.maybe_convert_prompt(text, self.tokenizer),
            padding="max_length",
            max_length=77,
            return_tensors="pt",
        )
        return self.text_encoder(said.input_ids, output_hidden_states=True)


def vectors(count: int, width: int = loras.WIDTH) -> Tensor:
    generator = torch.Generator().manual_seed(count + width)
    return torch.randn(count, width, generator=generator)


@pytest.mark.parametrize(
    "tensors",
    [
        {"emb_params": vectors(1)},
        {"emb_params": vectors(4)},
        {"<mark>": vectors(1)[0]},
        {"learned": vectors(3)},
        {"emb_params": vectors(2).half()},
    ],
    ids=["emb_params", "four vectors", "single", "single, three vectors", "fp16"],
)
def test_a_new_word_is_read_as_diffusers_reads_it(
    tensors: dict[str, Tensor], tmp_path: Path, vocabulary: Path
) -> None:
    path = loras.save(tmp_path / "mark.safetensors", tensors)
    made = encoders(vocabulary, "text_encoder")
    tokenizer, network = made["text_encoder"]
    embeddings = ours(made)
    tokens = embeddings.tokens("text_encoder", TEXT, {"mark": path})
    with torch.inference_mode():
        plain = network(row(tokenizer, tokenizer(TEXT, add_special_tokens=False).input_ids))
        found = network(row(tokenizer, tokens), output_hidden_states=True)
    theirs = Pipeline(*encoders(vocabulary, "text_encoder")["text_encoder"])
    given = (
        tensors
        if len(tensors) == 1 and "emb_params" in tensors
        else {"<mark>": next(iter(tensors.values()))}
    )
    theirs.load_textual_inversion(given, token="mark")
    with torch.inference_mode():
        wanted = theirs.hidden(TEXT)
    assert (plain.last_hidden_state - found.last_hidden_state).abs().max() > 0.1
    for one, other in zip(found.hidden_states, wanted.hidden_states, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)
    torch.testing.assert_close(found.last_hidden_state, wanted.last_hidden_state, rtol=0, atol=1e-5)
    torch.testing.assert_close(found.pooler_output, wanted.pooler_output, rtol=0, atol=1e-5)


def test_both_of_sdxls_encoders_learn_the_word(tmp_path: Path, vocabulary: Path) -> None:
    tensors = {"clip_l": vectors(3), "clip_g": vectors(3, 2 * loras.WIDTH)}
    path = loras.save(tmp_path / "mark.safetensors", tensors)
    made = encoders(vocabulary, "text_encoder", "text_encoder_2")
    embeddings = ours(made)
    fresh = encoders(vocabulary, "text_encoder", "text_encoder_2")
    for part, key in (("text_encoder", "clip_l"), ("text_encoder_2", "clip_g")):
        tokenizer, network = made[part]
        theirs = Pipeline(*fresh[part])
        theirs.load_textual_inversion({"<mark>": tensors[key]}, token="mark")
        with torch.inference_mode():
            found = network(row(tokenizer, embeddings.tokens(part, TEXT, {"mark": path})))
            wanted = theirs.hidden(TEXT)
        hidden = found.last_hidden_state, wanted.last_hidden_state
        torch.testing.assert_close(*hidden, rtol=0, atol=1e-5)


def test_the_end_of_the_text_is_found_where_the_configuration_is_of_the_old_kind(
    tmp_path: Path, vocabulary: Path
) -> None:
    path = loras.save(tmp_path / "mark.safetensors", {"emb_params": vectors(2)})
    made = encoders(vocabulary, "text_encoder")
    tokenizer, network = made["text_encoder"]
    tokens = row(tokenizer, ours(made).tokens("text_encoder", TEXT, {"mark": path}))
    with torch.inference_mode():
        right = network(tokens).pooler_output
        network.eos_token_id = 2  # SDXL's second encoder says so: the highest number is the end
        assert torch.equal(network(tokens).pooler_output, right)


@pytest.mark.parametrize(
    ("text", "is_new"),
    [
        ("a mark", True),
        ("a Mark.", True),
        ("embedding:mark", True),
        ("(embedding:mark.safetensors)", True),
        ("a marked cat", False),
        ("land-mark", False),
    ],
)
def test_a_word_is_the_name_of_its_file(
    text: str, is_new: bool, tmp_path: Path, vocabulary: Path
) -> None:
    path = loras.save(tmp_path / "mark.safetensors", {"emb_params": vectors(2)})
    embeddings = ours(encoders(vocabulary, "text_encoder"))
    tokens = embeddings.tokens("text_encoder", text, {"styles/mark": path})
    assert any(token < 0 for token in tokens) == is_new


def test_the_longest_name_is_meant(tmp_path: Path, vocabulary: Path) -> None:
    library = {
        name: loras.save(tmp_path / f"{name}.safetensors", {"emb_params": vectors(count)})
        for name, count in (("bad", 1), ("bad-hands", 2), ("bad-hands-5", 3))
    }
    embeddings = ours(encoders(vocabulary, "text_encoder"))
    assert [t < 0 for t in embeddings.tokens("text_encoder", "bad-hands-5", library)] == [True] * 3


def test_words_keep_their_weights_and_stay_in_one_chunk(tmp_path: Path, vocabulary: Path) -> None:
    path = loras.save(tmp_path / "mark.safetensors", {"emb_params": vectors(6)})
    embeddings = ours(encoders(vocabulary, "text_encoder"))
    spans = Prompt.read("red " * 72 + "(mark:1.4) cat").at(1, 1).spans
    embeddings.tokens("text_encoder", "mark", {"mark": path})
    first, second = chunked(
        spans,
        lambda text: embeddings.tokens("text_encoder", text, {"mark": path}),
        followers=embeddings.followers,
    )
    assert (len(first.tokens), [token < 0 for token in second.tokens]) == (72, [True] * 6 + [False])
    assert second.weights == (1.4,) * 6 + (1.0,)


def test_a_word_of_another_model_is_told_and_read_as_plain_words(
    tmp_path: Path, vocabulary: Path
) -> None:
    wide = loras.save(tmp_path / "wide.safetensors", {"emb_params": vectors(2, 48)})
    both = loras.save(
        tmp_path / "both.safetensors",
        {"clip_l": vectors(2), "clip_g": vectors(2, 2 * loras.WIDTH)},
    )
    made = encoders(vocabulary, "text_encoder")
    embeddings = ours(made)
    library = {"wide": wide, "both": both}
    for name in library:
        tokens = embeddings.tokens("text_encoder", f"a {name} cat", library)
        assert (
            tokens == made["text_encoder"][0](f"a {name} cat", add_special_tokens=False).input_ids
        )
        (note,) = embeddings.notes(f"a {name} cat", library)
        assert f"The embedding {name} ({name}.safetensors) is for another kind of model" in note
    assert "clip_g 2 x 64, clip_l 2 x 32" in note
    assert embeddings.notes("a cat", library) == ()


def test_a_refiner_takes_its_half_of_a_word(tmp_path: Path, vocabulary: Path) -> None:
    tensors = {"clip_l": vectors(2), "clip_g": vectors(2, 2 * loras.WIDTH)}
    path = loras.save(tmp_path / "mark.safetensors", tensors)
    embeddings = ours(encoders(vocabulary, "text_encoder_2"))
    assert embeddings.tokens("text_encoder_2", "mark", {"mark": path}) == [-1, -2]
    assert embeddings.notes("mark", {"mark": path}) == ()


def test_an_unknown_name_with_the_prefix_offers_near_ones(vocabulary: Path) -> None:
    embeddings = ours(encoders(vocabulary, "text_encoder"))
    with pytest.raises(RequestError, match=r"no embedding 'marc'. Near it are: mark\."):
        embeddings.tokens("text_encoder", "a embedding:marc", {"mark": Path("mark.safetensors")})


def test_a_broken_file_is_a_sentence(tmp_path: Path, vocabulary: Path) -> None:
    broken = tmp_path / "mark.safetensors"
    broken.write_bytes(b"\xff" * 8 + b"{}")
    embeddings = ours(encoders(vocabulary, "text_encoder"))
    with pytest.raises(ModelError, match="not a usable safetensors file"):
        embeddings.tokens("text_encoder", "mark", {"mark": broken})
    with pytest.raises(ModelError, match="Check that it is still there"):
        embeddings.tokens("text_encoder", "mark", {"mark": tmp_path / "gone.safetensors"})
    long = loras.save(tmp_path / "long.safetensors", {"emb_params": vectors(76)})
    with pytest.raises(ModelError, match="76 vectors; 1 to 75"):
        embeddings.tokens("text_encoder", "long", {"long": long})


def test_the_encoder_reads_other_words_as_before(tmp_path: Path, vocabulary: Path) -> None:
    path = loras.save(tmp_path / "mark.safetensors", {"emb_params": vectors(2)})
    made = encoders(vocabulary, "text_encoder")
    tokenizer, network = made["text_encoder"]
    tokens = row(tokenizer, tokenizer("a red cat", add_special_tokens=False).input_ids)
    with torch.inference_mode():
        before = network(tokens).last_hidden_state
        ours(made).tokens("text_encoder", "mark", {"mark": path})
        assert torch.equal(network(tokens).last_hidden_state, before)
