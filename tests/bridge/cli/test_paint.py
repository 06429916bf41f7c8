"""What the options of `mahlstick paint` ask for, and what is said when they contradict."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bridge.cli.failures import InputFailure
from bridge.cli.paint import Wish, chosen_mode, save, submission, writable
from bridge.cli.painting import Outcome, Result

PHOTO = Path("photo.png")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    pixels = np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize(
    ("wish", "mode"),
    [
        (Wish(prompt="a moon"), "generate"),
        (Wish(prompt="a moon", size="512x256"), "generate"),
        (Wish(prompt="", image=PHOTO, mask=PHOTO), "inpaint"),
        (Wish(prompt="", image=PHOTO, select="0,0,1,1"), "inpaint"),
        (Wish(prompt="", image=PHOTO, select="0,0,1,1", strength=0.4), "refine"),
        (Wish(prompt="", image=PHOTO, select="0,0,1,1", strength=1.0), "inpaint"),
        (Wish(prompt="", image=PHOTO), "refine"),
        (Wish(prompt="", image=PHOTO, extend="left=8"), "outpaint"),
        (Wish(prompt="", image=PHOTO, vary=True), "vary"),
        (Wish(prompt="", image=PHOTO, second=PHOTO, mix=0.2), "vary"),
        (Wish(prompt="a night", image=PHOTO, vary=True, instead_of="a day"), "vary"),
        (Wish(prompt="", image=PHOTO, upscale=2), "upscale"),
    ],
)
def test_the_mode_follows_from_the_options(wish: Wish, mode: str) -> None:
    assert chosen_mode(wish) == mode


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (Wish(prompt="", image=PHOTO, mask=PHOTO, select="0,0,1,1"), "either --mask or --select"),
        (Wish(prompt="", image=PHOTO, vary=True, upscale=2), "vary and upscale at once"),
        (Wish(prompt="", vary=True), "give the picture with --image"),
        (Wish(prompt="", second=PHOTO), "give the picture with --image"),
        (Wish(prompt="", select="0,0,1,1"), "give the picture with --image"),
        (Wish(prompt="", image=PHOTO, size="64x64"), "--size is for new pictures"),
    ],
)
def test_options_that_contradict_each_other_are_refused(wish: Wish, sentence: str) -> None:
    with pytest.raises(InputFailure, match=sentence):
        chosen_mode(wish)


@pytest.mark.parametrize("candidates", [0, -1, 17])
def test_a_number_of_pictures_out_of_range_names_the_range(candidates: int) -> None:
    with pytest.raises(InputFailure, match="1 to 16"):
        submission(Wish(prompt="a moon", candidates=candidates))


def _unsigned(content: bytes, _job: str, _candidate: int) -> bytes:
    return content


def test_a_selected_rectangle_travels_as_picture_and_mask(photo: Path) -> None:
    submit, canvas = submission(Wish(prompt="", image=photo, select="1,2,3,4"))
    assert submit.image is not None
    assert submit.mask is not None
    assert canvas is not None
    assert submit.image.data == canvas.tobytes()
    mask = np.frombuffer(submit.mask.data, np.uint8).reshape(6, 8)
    assert mask.sum() == 255 * 12
    assert mask[2, 1] == 255


def test_an_output_folder_that_cannot_be_made_is_refused_before_painting(photo: Path) -> None:
    with pytest.raises(InputFailure, match="Name another with --out"):
        writable(photo / "inside-a-file")


def _outcome(count: int) -> Outcome:
    record: dict[str, object] = {
        "prompt": "a moon",
        "negative_prompt": "",
        "steps": 2,
        "sampler": "euler",
        "schedule": "model",
        "guidance": 1.0,
        "mode": "generate",
        "strength": 1.0,
        "candidate_seed": 5,
        "model": {"name": "tiny", "sha256": "0" * 64},
        "boxes": {"canvas": {"width": 4, "height": 3}},
        "versions": {},
    }
    picture = np.full((3, 4, 4), 255, np.uint8)
    return Outcome(
        "job", [Result(k, 5 + k, picture, 0.5 - k / 10, 1.0, record) for k in range(count)]
    )


def test_each_result_is_a_png_named_after_prompt_seed_and_candidate(tmp_path: Path) -> None:
    lines = save(_outcome(2), "A moon, över the sea!", tmp_path, _unsigned)
    assert [os.path.basename(line["path"]) for line in lines] == [
        "a-moon-över-the-sea-5-0.png",
        "a-moon-över-the-sea-6-1.png",
    ]
    assert lines[0] == {
        "path": str(tmp_path / "a-moon-över-the-sea-5-0.png"),
        "seed": 5,
        "candidate": 0,
        "width": 4,
        "height": 3,
        "seconds": 1.0,
        "score": 0.5,
    }
    with Image.open(lines[0]["path"]) as image:
        assert image.mode == "RGB"
        assert image.text["parameters"].startswith("a moon")  # type: ignore[attr-defined]


def test_several_results_get_a_contact_sheet_and_one_does_not(tmp_path: Path) -> None:
    save(_outcome(1), "one", tmp_path, _unsigned)
    save(_outcome(3), "three", tmp_path, _unsigned)
    assert [path.name for path in tmp_path.glob("*-sheet.png")] == ["three-0-sheet.png"]


def test_presets_fills_and_upscalers_travel_by_name() -> None:
    wish = Wish(prompt="a boat", presets=("pencil", "window"), prefill="blur", upscaler="nearest")
    submit, _ = submission(wish)
    assert submit.presets == ["pencil", "window"]
    assert (submit.prefill, submit.upscaler) == ("blur", "nearest")
