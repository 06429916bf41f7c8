"""The administrator's file, and what clients are told by the filters of a running bridge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import BadRequestError

from bridge.errors import SettingsError
from bridge.policy import ADMIN_FILE, Lock, read_lock
from bridge.server import Ready, running
from bridge.settings import engine_options
from bridge.wire import errors as codes
from bridge.wire.messages import TERMINAL, Failed, Finished, Painted, Started
from engine.plugins import Extensions
from tests.bridge.talk import a_submit, connect, hear, of_type, settings_in
from tests.bridge.transports.openai_talk import official
from tests.engine import tiny

STRICT = 'policy = "classroom"\nhooks = ["mine.py"]\n[filters]\ntrusted_models = ["tiny"]\n'


@pytest.fixture
def admin_file(tmp_path: Path) -> Callable[[str], Path]:
    """A function that writes the administrator's file."""

    def written(text: str) -> Path:
        path = tmp_path / "policy.toml"
        path.write_text(text)
        return path

    return written


def test_without_a_file_the_user_decides(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "policy.toml") is None
    settings = settings_in(tmp_path, admin_file=tmp_path / "policy.toml")
    assert settings.policy == "studio"
    options = engine_options(settings)["options"]
    assert options["filters"] == {"policy": "studio"}


def test_the_file_says_policy_filters_and_hooks(admin_file: Callable[[str], Path]) -> None:
    told = read_lock(admin_file(STRICT))
    assert told == Lock("classroom", {"trusted_models": ["tiny"]}, ("mine.py",))


def test_what_the_administrator_decided_overrules_everything_below(
    tmp_path: Path, admin_file: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAHLSTICK_POLICY", "off")
    settings = settings_in(
        tmp_path,
        admin_file=admin_file(STRICT),
        policy="off",
        hooks=["theirs.py"],
        options={
            "filters": {"faces": "ignore", "words": {"hate": "ignore"}},
            "rank": {"clip": "x"},
        },
    )
    told = engine_options(settings)
    assert told["hooks"] == ["mine.py"]
    assert told["options"]["filters"] == {"trusted_models": ["tiny"], "policy": "classroom"}
    assert told["options"]["rank"] == {"clip": "x"}  # the rest stays the user's


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("policy = classroom", "cannot be read"),
        ("policy = 'strict'", "off, studio, classroom"),
        ("", "policy = None"),
        ("policy = 'off'\nport = 1", "has port"),
        ("policy = 'off'\nfilters = 3", "no table"),
        ("policy = 'classroom'\n[filters]\npolicy = 'off'", "no table"),
        ("policy = 'off'\nhooks = 'a.py'", "no list"),
    ],
)
def test_a_broken_lock_stops_the_start(
    text: str, named: str, tmp_path: Path, admin_file: Callable[[str], Path]
) -> None:
    with pytest.raises(SettingsError, match=named):
        settings_in(tmp_path, admin_file=admin_file(text))


def test_a_file_that_may_not_be_read_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_lock(tmp_path)  # a folder


def test_the_place_does_not_depend_on_the_environment() -> None:
    assert ADMIN_FILE.is_absolute()
    assert Path.home() not in ADMIN_FILE.parents


def test_the_policy_is_not_hidden_among_options(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="a setting of its own"):
        settings_in(tmp_path, options={"filters": {"policy": "off"}})


def test_the_engine_takes_the_options_that_the_settings_make(tmp_path: Path) -> None:
    options = engine_options(settings_in(tmp_path, policy="classroom"))["options"]
    names = Extensions(options=options).names
    assert "engine.filters.words:WordFilter" in names
    assert "engine.filters.veil:Veil" in names


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    """A bridge under an administrator's lock, with the real engine and a tiny model."""
    folder = tmp_path_factory.mktemp("classroom")
    model = tiny.write_model(folder / "models" / "tiny")
    hook = str(Path(tiny.__file__))
    lock = folder / "policy.toml"
    lock.write_text(
        f"policy = 'classroom'\nhooks = ['{hook}']\n[filters]\ntrusted_models = ['tiny']\n"
    )
    settings = settings_in(folder, admin_file=lock, models=[model.parent], policy="off")
    with running(settings) as ready:
        yield ready


def painted(ready: Ready, prompt: str) -> list[Any]:
    with connect(ready, preview_codec="rgb8") as client:
        client.send(a_submit(prompt, model="tiny", steps=1, candidates=1))
        heard: list[Any] = [hear(client, 120)]
        while not isinstance(heard[-1], TERMINAL):
            heard.append(hear(client, 120))
        return heard


def test_an_editor_is_told_category_words_and_what_to_do(classroom: Ready) -> None:
    end = painted(classroom, "red gore")[-1]
    assert isinstance(end, Failed)
    assert (end.code, end.param) == (codes.REFUSED_BY_FILTER, "violence")
    assert "violence (“gore”). Paint the mood" in end.message


def test_innocent_prompts_are_painted_and_labelled(classroom: Ready) -> None:
    heard = painted(classroom, "red")
    assert isinstance(heard[-1], Finished)
    (result,) = of_type(heard, Painted)
    labels = result.record["labels"]
    assert isinstance(labels, list)
    assert [label["category"] for label in labels] == ["unchecked"]


def test_openais_client_is_told_in_its_own_shape(classroom: Ready) -> None:
    with official(classroom) as client, pytest.raises(BadRequestError) as error:
        client.images.generate(prompt="red, Salvador Dali waving", model="tiny")
    assert error.value.code == "moderation_blocked"
    assert error.value.type == "image_generation_user_error"
    assert isinstance(error.value.body, dict)
    assert error.value.body["category"] == "real_people"


def test_a_client_cannot_ask_for_another_policy(classroom: Ready) -> None:
    with official(classroom) as client:
        with pytest.raises(BadRequestError, match="no parameter 'policy'"):
            client.images.generate(prompt="red", model="tiny", extra_body={"policy": "off"})
        with pytest.raises(BadRequestError, match="violence"):  # OpenAI's own way of asking
            client.images.generate(prompt="red gore", model="tiny", moderation="low")


def test_the_studio_warns_over_the_wire_and_paints(tmp_path: Path) -> None:
    model = tiny.write_model(tmp_path / "models" / "tiny")
    settings = settings_in(tmp_path, models=[model.parent], hooks=[str(Path(tiny.__file__))])
    with running(settings) as ready:
        heard = painted(ready, "red gore")
    assert isinstance(heard[-1], Finished)
    (started,) = of_type(heard, Started)
    assert any("reads as violence (“gore”)" in note for note in started.notes)
