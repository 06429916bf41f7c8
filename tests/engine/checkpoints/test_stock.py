"""Of all files that are found, each is paintable with or has a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import catalogue, hashes_of, library, weights
from engine.checkpoints.refusals import reason_against
from engine.checkpoints.stock import MOST_PROBLEMS, Stocked, stock
from engine.downloads.catalogue import offered
from tests.engine.checkpoints.files import written
from tests.engine.checkpoints.test_identity import ORIGINAL, SD_PREFIX, TEXTS, VAE, under
from tests.engine.checkpoints.test_shelves import LORA

SDXL = {**under(SD_PREFIX, ORIGINAL["sdxl"]), **VAE, **TEXTS["sdxl"]}
FLUX_LORA = {
    "diffusion_model.double_blocks.0.img_attn.qkv.lora_A.weight": (4, 3072),
    "diffusion_model.double_blocks.0.img_attn.qkv.lora_B.weight": (9216, 4),
}
WAN = {"head.modulation": (1, 2, 3), "blocks.0.self_attn.q.weight": (3, 3)}


@pytest.fixture(autouse=True)
def no_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "embedded_folder", lambda: None)


def stocked(folder: Path) -> dict[str, Stocked]:
    return {one.entry.name: one for one in stock([folder])}


def test_a_checkpoint_of_a_registered_family_has_a_card(tmp_path: Path) -> None:
    written(tmp_path / "deep" / "mine.safetensors", SDXL)
    one = stocked(tmp_path)["mine"]
    assert one.reason == ""
    assert one.card is not None
    assert one.card.family == "latent"
    found = catalogue([tmp_path])
    assert [card.name for card in found.models] == [one.card.name]
    assert found.problems == ()


def test_families_are_answered_from_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "models" / "mine.safetensors", SDXL)
    options = {"library": {"index": str(tmp_path / "index.sqlite")}}
    before = stock([tmp_path / "models"], (), options)
    assert before[0].card is not None
    monkeypatch.setattr(
        "engine.checkpoints.identity.read_header", lambda path: pytest.fail(f"{path} was read")
    )
    assert stock([tmp_path / "models"], (), options) == before


def test_files_with_the_same_bytes_are_told(tmp_path: Path) -> None:
    options = {"library": {"index": str(tmp_path / "index.sqlite")}}
    for name in ("a", "b"):
        written(tmp_path / "models" / f"{name}.safetensors", LORA)
    found = library([tmp_path / "models"], options)
    assert len(list(hashes_of(found))) == 2
    told = {one.entry.name: one.same_as for one in stock([tmp_path / "models"], (), options)}
    assert told["a"] == (tmp_path / "models" / "b.safetensors",)
    assert told["b"] == (tmp_path / "models" / "a.safetensors",)


def test_a_network_alone_says_what_it_lacks(tmp_path: Path) -> None:
    written(tmp_path / "net.safetensors", under(SD_PREFIX, ORIGINAL["sdxl"]))
    assert "a network alone" in stocked(tmp_path)["net"].reason


def test_what_no_family_paints_with_is_listed_with_the_reason(tmp_path: Path) -> None:
    written(tmp_path / "video.safetensors", WAN)
    one = stocked(tmp_path)["video"]
    assert one.card is None
    assert "video is of a kind that cannot be painted with" in one.reason
    problems = catalogue([tmp_path]).problems
    assert len(problems) == 1
    assert str(tmp_path / "video.safetensors") in problems[0]


def test_a_lora_for_a_family_that_is_not_there_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.plugins import Extensions

    written(tmp_path / "style.safetensors", FLUX_LORA)
    plain = Extensions.__init__

    def without_flow(self: Extensions, *told: object, **more: object) -> None:
        plain(self, *told, **more)  # type: ignore[arg-type]
        self.families = tuple(one for one in self.families if one.name not in ("flow", "flux1"))

    monkeypatch.setattr(Extensions, "__init__", without_flow)
    one = stocked(tmp_path)["style"]
    assert one.reason == "style is of the family flux1, which cannot be used yet."


def test_a_lora_for_a_family_that_is_there_has_no_reason_against_it(tmp_path: Path) -> None:
    shapes = {
        "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight": (4, 768),
        "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.lora_B.weight": (320, 4),
    }
    written(tmp_path / "style.safetensors", shapes)
    assert stocked(tmp_path)["style"].reason == ""


def test_loras_alone_are_no_problem_of_a_folder(tmp_path: Path) -> None:
    written(tmp_path / "style.safetensors", LORA)
    assert catalogue([tmp_path]).problems == ()


def test_problems_are_not_more_than_a_painter_reads(tmp_path: Path) -> None:
    for number in range(MOST_PROBLEMS + 5):
        (tmp_path / f"{number}.ckpt").write_bytes(b"x")
    problems = catalogue([tmp_path]).problems
    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[-1].startswith("And 5 more: `mahlstick models list`")


def test_one_file_reached_twice_is_one_model(tmp_path: Path) -> None:
    real = written(tmp_path / "a" / "mine.safetensors", SDXL)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.safetensors").symlink_to(real)
    found = catalogue([tmp_path / "a", tmp_path / "b"])
    assert len(found.models) == 1
    assert found.problems == ()


def test_a_family_finds_its_own_marks_where_the_library_knows_none(
    tmp_path: Path, tiny_hook: str
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "tiny.json").write_text(json.dumps({}))
    found = catalogue([tmp_path], [tiny_hook])
    assert [card.family for card in found.models] == ["tiny"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("v1-5-pruned-emaonly.ckpt", "mahlstick models pull sd15"),
        ("RealESRGAN_x4plus.pth", "mahlstick models pull realesrgan-x4"),
        ("4x-UltraSharp.pth", "mahlstick models pull ultrasharp-x4"),
        ("mymix.ckpt", "at Civitai in the choice of formats"),
        ("flux1-dev-Q4_K_S.gguf", "in fp8"),
    ],
)
def test_a_refusal_says_where_the_same_model_is_to_be_had(name: str, said: str) -> None:
    assert said in reason_against(name)


def test_what_a_refusal_names_can_be_pulled() -> None:
    from engine.checkpoints.refusals import _PULLED

    names = set(offered())
    assert {pulled for _, pulled in _PULLED if not pulled.startswith("hf:")} <= names
