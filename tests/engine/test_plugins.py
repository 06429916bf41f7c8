"""Discovery of plugins: from where they come, and that a broken one stops the start."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from engine import (
    Engine,
    Mode,
    PaintRequest,
    PluginError,
    Started,
    plugins,
    samplers,
)
from engine.plugins import Extensions

SAMPLER = '''
from itertools import pairwise
from engine import hookimpl

def lazy(denoise, x, levels, noise):
    """Jump to the first guess and stay there."""
    x0 = denoise(x, levels[0])
    for _ in pairwise(levels):
        yield x0

@hookimpl
def mahlstick_samplers():
    return {"lazy": lazy}
'''


@pytest.fixture
def dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that counts as part of engine/samplers."""
    monkeypatch.setattr(samplers, "__path__", [*samplers.__path__, str(tmp_path)])
    yield tmp_path
    for name in [n for n in sys.modules if n.startswith("engine.samplers.dropped")]:
        del sys.modules[name]
        delattr(samplers, name.rpartition(".")[2])


def test_a_file_dropped_into_the_samplers_folder_paints(
    dropped: Path, tiny_folder: Path, tiny_hook: str
) -> None:
    (dropped / "dropped_lazy.py").write_text(SAMPLER)
    engine = Engine(models=[tiny_folder], hooks=[tiny_hook], device="cpu")
    assert "lazy" in engine.catalogue.samplers
    asked = PaintRequest(mode=Mode.GENERATE, prompt="red", model="tiny", sampler="lazy", seed=1)
    started = next(e for e in engine.paint(asked) if isinstance(e, Started))
    assert started.sampler == "lazy"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import nonesuch_module\n", "nonesuch_module"),
        ("def (:\n", "SyntaxError"),
        (SAMPLER.replace("mahlstick_samplers", "mahlstick_sampler"), "mahlstick_sampler"),
        (SAMPLER.replace("_samplers():", "_samplers(wrong):"), "wrong"),
        (SAMPLER.replace("@hookimpl", ""), "registers nothing"),
        (SAMPLER.replace('return {"lazy": lazy}', "raise KeyError('lost')"), "lost"),
        (SAMPLER.replace('"lazy":', '"euler":'), "euler"),
    ],
    ids=["import", "syntax", "misspelt", "argument", "nothing", "raises", "name taken"],
)
def test_a_broken_plugin_stops_the_engine_with_its_name(
    dropped: Path, source: str, said: str
) -> None:
    (dropped / "dropped_broken.py").write_text(source)
    with pytest.raises(PluginError) as error:
        Extensions()
    assert "dropped_broken" in str(error.value)
    assert said in str(error.value)


def test_helpers_beside_plugins_start_with_an_underscore(dropped: Path) -> None:
    (dropped / "_dropped_helper.py").write_text("raise RuntimeError")
    assert not any("helper" in name for name in Extensions().names)


def test_a_plugin_comes_from_a_file_a_package_or_an_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("from_file", "from_package", "from_entry_point"):
        (tmp_path / f"{name}.py").write_text(SAMPLER.replace('"lazy"', f'"{name}"'))
    entry = EntryPoint("from_entry_point", "from_entry_point", "mahlstick")
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: EntryPoints([entry]).select(group=group)
    )
    found = Extensions([str(tmp_path / "from_file.py"), "from_package"])
    assert {"from_file", "from_package", "from_entry_point"} <= set(found.samplers)


def test_a_hook_file_that_is_missing_is_named() -> None:
    with pytest.raises(PluginError, match=r"nowhere/missing\.py"):
        Extensions(["nowhere/missing.py"])


def test_a_plugin_says_where_it_is_from_and_what_it_adds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("from_file", "from_package"):
        (tmp_path / f"{name}.py").write_text(SAMPLER.replace('"lazy"', f'"{name}"'))
    file = str(tmp_path / "from_file.py")
    active = {one.name: one for one in plugins.active_plugins([file, "from_package"])}
    assert active[file].source == f"file {file}"
    assert active["from_package"].source == "module from_package"
    assert active["from_package"].adds == ("sampler from_package",)
    assert active["engine.samplers.euler"].source == "built-in"
    assert active["engine.samplers.euler"].hooks == ("mahlstick_samplers",)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def mahlstick_plugins():\n    return [object()]\n", "registers nothing"),
        ("def mahlstick_plugins():\n    return 5\n", "answered 5"),
        ("def mahlstick_samplers():\n    return ['lazy']\n", "mapping"),
        ("def mahlstick_families():\n    return None\n", "a list"),
        ("def mahlstick_prefills():\n    return {'grey': print}\n", "'grey'"),
    ],
)
def test_an_answer_that_fits_no_hook_stops_the_start(
    source: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "wrong_answer.py"
    path.write_text("from engine import hookimpl\n\n\n@hookimpl\n" + source)
    with pytest.raises(PluginError, match=said) as error:
        Extensions([str(path)])
    assert "wrong_answer" in str(error.value)
