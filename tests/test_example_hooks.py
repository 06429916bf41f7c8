"""The example package of the docs: built into a wheel, installed beside us, found and used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "docs" / "example-hooks"
MODEL = ROOT / "tests" / "engine" / "tiny.py"

PAINT = """
import json, sys
from engine import Engine, Finished, Mode, Painted, PaintRequest, Size
folder, hook, prompt, darkest = sys.argv[1:5]
engine = Engine([folder], [hook], "cpu", options={"example": {"darkest": float(darkest)}})
asked = PaintRequest(mode=Mode.GENERATE, prompt=prompt, model="tiny", sampler="adams", seed=1,
                     size=Size(64, 64), candidates=2)
events = list(engine.paint(asked))
painted = [event for event in events if isinstance(event, Painted)]
print(json.dumps({
    "sampler": painted[0].record["sampler"],
    "means": painted[0].merged[..., :3].mean((0, 1)).tolist(),
    "labels": [event.record.get("labels", []) for event in painted],
    "notes": list(events[-1].notes),
}))
"""


def run(*command: object, path: Path | None = None) -> str:
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, filter(None, (path, ROOT))))
    ran = subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=environment,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder the wheel was installed into: nothing is fetched, and we are not touched."""
    folder = tmp_path_factory.mktemp("example")
    source, wheels, target = folder / "source", folder / "wheels", folder / "target"
    shutil.copytree(SOURCE, source)  # building leaves traces
    offline = ("--quiet", "--no-index", "--no-deps")
    run("-m", "pip", "wheel", *offline, "--no-build-isolation", "-w", wheels, source)
    (wheel,) = wheels.glob("*.whl")
    run("-m", "pip", "install", *offline, "--target", target, wheel)
    return target


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.engine import tiny

    return tiny.write_model(tmp_path_factory.mktemp("models") / "tiny")


def painted(installed: Path, model: Path, prompt: str, darkest: int) -> dict[str, Any]:
    return json.loads(run("-c", PAINT, model, MODEL, prompt, darkest, path=installed))


def test_its_plugins_are_listed_as_the_packages_own(installed: Path) -> None:
    lines = run("-m", "bridge", "hooks", "--json", path=installed).splitlines()
    plugins = {line["name"]: line for line in map(json.loads, lines)}
    assert plugins["example"]["source"] == "package mahlstick-example-hooks 1.0"
    assert plugins["example"]["adds"] == ["sampler adams"]
    assert plugins["example:Dark"]["hooks"] == ["mahlstick_check_result"]


def test_its_sampler_paints_and_its_filter_speaks(installed: Path, model: Path) -> None:
    bright = painted(installed, model, "red", darkest=0)
    assert bright["sampler"] == "adams"
    red, green, blue = bright["means"]
    assert red > 180 > 80 > max(green, blue)
    assert bright["notes"] == []
    dark = painted(installed, model, "red", darkest=200)
    assert dark["notes"] == ["A picture is darker than this studio likes."]
    assert [label[-1]["category"] for label in dark["labels"]] == ["dark", "dark"]


def test_it_is_as_short_as_the_docs_say() -> None:
    lines = (SOURCE / "mahlstick_example" / "__init__.py").read_text("utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 40
