"""The whole chain as a newcomer meets it: demo, command line, embedded model, offline."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bridge
import engine
from bridge.cli.demo import MOON_BOX, SIDE, shown_photograph
from bridge.cli.failures import InputFailure
from bridge.cli.paint import Wish, submission
from bridge.cli.painting import Outcome, paint
from bridge.cli.running import connected
from bridge.wire.client import Client

STEPS = 6  # enough to form a picture; how good it is, is measured elsewhere


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with connected(tmp_path_factory.mktemp("state")) as connection:
        yield connection


def painted(client: Client, wish: Wish) -> Outcome:
    submit, canvas = submission(wish)
    return paint(client, submit, canvas, lambda _: None)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"))


def photograph() -> np.ndarray:
    with resources.as_file(resources.files("bridge.demo") / "sunset.jpg") as path:
        return shown_photograph(path)


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo")
    ran = subprocess.run(
        [sys.executable, "-m", "bridge", "demo", "--out", folder, "--state-dir", folder / "state"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return folder, ran.stdout


def test_the_demo_tells_how_long_each_part_took(demonstration: tuple[Path, str]) -> None:
    _, said = demonstration
    assert len(re.findall(r"\d in \d+\.\d s, the first preview after \d+\.\d\d s", said)) == 4
    assert (demonstration[0] / "contact-sheet.png").exists()


def test_the_moon_changes_the_selected_sky_and_not_one_byte_beside_it(
    demonstration: tuple[Path, str],
) -> None:
    before = photograph()
    left, top, width, height = MOON_BOX
    moons = sorted(path for path in demonstration[0].glob("moon-*.png") if "sheet" not in path.name)
    assert len(moons) == 4
    for path in moons:
        after = pixels(path)
        changed = (after != before).any(axis=-1)
        assert changed[top : top + height, left : left + width].mean() > 0.5
        changed[top : top + height, left : left + width] = False
        assert not changed.any()


def test_the_moon_is_brighter_than_its_sky(demonstration: tuple[Path, str]) -> None:
    left, top, width, height = MOON_BOX
    path = next(p for p in sorted(demonstration[0].glob("moon-*.png")) if "sheet" not in p.name)
    gray = pixels(path)[top : top + height, left : left + width, :3].mean(axis=-1)
    assert np.percentile(gray, 99) - np.median(gray) > 40


def test_the_wider_photograph_holds_the_old_one_to_the_byte(
    demonstration: tuple[Path, str],
) -> None:
    before = photograph()
    (path,) = demonstration[0].glob("wider-*.png")
    after = pixels(path)
    height, width = before.shape[:2]
    assert after.shape == (height, width + 2 * SIDE, 4)
    assert np.array_equal(after[:, SIDE : SIDE + width], before)
    assert after[..., 3].min() == 255
    assert after[:, :SIDE].std() > 5


def test_the_variations_differ_from_the_photograph_and_from_each_other(
    demonstration: tuple[Path, str],
) -> None:
    paths = [p for p in demonstration[0].glob("variations-*.png") if "sheet" not in p.name]
    pictures = [photograph(), *(pixels(path) for path in paths)]
    assert len(pictures) == 5
    for i, one in enumerate(pictures):
        for other in pictures[:i]:
            difference = np.abs(one.astype(int) - other.astype(int)).mean()
            assert difference > 1


def test_without_a_seed_the_same_prompt_gives_different_pictures_and_tells_the_seeds(
    client: Client,
) -> None:
    wish = Wish(prompt="a red circle", candidates=1, steps=STEPS)
    one, other = painted(client, wish).results[0], painted(client, wish).results[0]
    assert one.seed != other.seed
    assert not np.array_equal(one.merged, other.merged)


def test_a_told_seed_paints_the_same_pixels_again(client: Client) -> None:
    first = painted(client, Wish(prompt="a red circle", candidates=2, steps=STEPS))
    assert first.started is not None
    again = painted(
        client, Wish(prompt="a red circle", candidates=2, steps=STEPS, seed=first.started.seed)
    )
    for one in first.results:
        same = next(other for other in again.results if other.candidate == one.candidate)
        assert np.array_equal(one.merged, same.merged)


@pytest.mark.parametrize(
    "prompt", ["", "a red circle 🤯", "ein roter Kreis, a red circle", "a red circle " * 400]
)
def test_empty_long_emoji_and_foreign_prompts_paint(client: Client, prompt: str) -> None:
    outcome = painted(client, Wish(prompt=prompt, candidates=1, steps=2))
    assert outcome.results[0].merged.shape == (256, 256, 4)


def test_words_that_are_not_understood_are_told(client: Client) -> None:
    outcome = painted(client, Wish(prompt="a red circle by Xyzzyk", candidates=1, steps=2))
    assert outcome.started is not None
    assert "xyzzyk" in [word.lower() for word in outcome.started.unknown_words]


def test_a_prompt_of_unknown_words_only_is_refused_with_suggestions(client: Client) -> None:
    with pytest.raises(InputFailure) as refusal:
        painted(client, Wish(prompt="sirkle Кошка", candidates=1, steps=2))
    assert "circle" in str(refusal.value)


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (Wish(prompt="a sun", sampler="stargazer"), "dpmpp_2m"),
        (Wish(prompt="a sun", model="nonsense"), "nonsense"),
        (Wish(prompt="a sun", steps=0), "steps"),
        (Wish(prompt="a sun", steps=100_000), "steps"),
        (Wish(prompt="a sun", schedule="yesterday"), "yesterday"),
        (Wish(prompt="a sun", guidance=-5.0), "guidance"),
    ],
)
def test_what_cannot_be_painted_says_what_is_accepted(
    client: Client, wish: Wish, sentence: str
) -> None:
    with pytest.raises(InputFailure, match=sentence):
        painted(client, wish)


def test_a_sampler_dropped_in_as_one_file_paints_from_the_command_line(tmp_path: Path) -> None:
    for package in (bridge, engine):
        source = Path(package.__path__[0])
        ignored = shutil.ignore_patterns("__pycache__", "train", "world")
        shutil.copytree(source, tmp_path / source.name, ignore=ignored)
    (tmp_path / "engine" / "samplers" / "one_leap.py").write_text(
        '"""One step from noise to picture, again and again."""\n'
        "from engine.hookspecs import hookimpl\n"
        "def one_leap(denoise, x, levels, noise):\n"
        "    for level in levels[:-1]:\n"
        "        yield denoise(x, levels[0])\n"
        "@hookimpl\n"
        "def mahlstick_samplers():\n"
        '    return {"one_leap": one_leap}\n'
    )
    options = ["--sampler", "one_leap", "--steps", "2", "-n", "1", "--json"]
    folders = ["--out", tmp_path / "out", "--state-dir", tmp_path / "state"]
    ran = subprocess.run(
        [sys.executable, "-m", "bridge", "paint", "a sun", *options, *folders],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout)
    with Image.open(result["path"]) as image:
        record = json.loads(image.text["mahlstick"])  # type: ignore[attr-defined]
    assert record["sampler"] == "one_leap"
    assert set(result) >= {"path", "seed", "width", "height", "seconds"}
