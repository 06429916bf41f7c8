"""Where settings come from, and what is said of wrong ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.settings import Settings, engine_options, load_settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text('port = 1111\nlog_level = "debug"\nallowed_hosts = ["studio.local"]\n')
    return path


def test_a_flag_beats_the_environment_which_beats_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings(file).port == 1111
    monkeypatch.setenv("MAHLSTICK_PORT", "2222")
    assert load_settings(file).port == 2222
    assert load_settings(file, port=3333).port == 3333
    assert load_settings(file, port=None).port == 2222


def test_the_file_may_be_named_in_the_environment(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAHLSTICK_SETTINGS", str(file))
    assert load_settings().allowed_hosts == ["studio.local"]


def test_every_setting_has_a_default_and_a_help() -> None:
    for name, field in Settings.model_fields.items():
        assert not field.is_required(), name
        assert field.description, name


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ({"port": 70_000}, ["port", "70000", "65535"]),
        ({"log_level": "loud"}, ["log_level", "loud", "warning"]),
        ({"max_pending_jobs": 0}, ["max_pending_jobs", "0"]),
        ({"prot": 1}, ["prot"]),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_accepted(
    file: Path, flags: dict[str, object], named: list[str]
) -> None:
    with pytest.raises(SettingsError) as wrong:
        load_settings(file, **flags)
    assert all(part in str(wrong.value) for part in named)


def test_a_wrong_token_is_not_repeated(file: Path) -> None:
    with pytest.raises(SettingsError) as wrong:
        load_settings(file, token=["secret"])
    assert "secret" not in str(wrong.value)
    assert "secret" not in repr(load_settings(file, token="secret"))


def test_a_file_that_is_missing_or_broken_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        load_settings(tmp_path / "nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("port = = 1")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(broken)
    misspelt = tmp_path / "misspelt.toml"
    misspelt.write_text("prot = 1")
    with pytest.raises(SettingsError, match="prot"):
        load_settings(misspelt)


def test_plugins_get_their_tables_and_the_painters_folders(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        f"config_dir = {str(tmp_path)!r}\nhooks = ['rules.py']\nhook_timeout_s = 7\n"
        "[options.rank]\nclip = '/models/clip'\n[options.prompts]\nwildcards = '/words'\n"
    )
    made = engine_options(load_settings(file))
    assert made == {
        "models": [],
        "hooks": [str(tmp_path / "rules.py")],
        "hook_timeout_s": 7.0,
        "options": {
            **made["options"],
            "rank": {"clip": "/models/clip"},
            "prompts": {"presets": str(tmp_path / "presets"), "wildcards": "/words"},
        },
    }
    assert json.loads(json.dumps(made)) == made


def test_relative_paths_in_the_file_count_from_its_folder(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    absolute = str(tmp_path / "mine.py")
    file.write_text(f'hooks = ["hooks/grain.py", "a_package", "{absolute}"]\nmodels = ["sdxl"]\n')
    settings = load_settings(file)
    assert settings.hooks == [str(file.parent / "hooks/grain.py"), "a_package", absolute]
    assert settings.models == [file.parent / "sdxl"]
    assert load_settings(file, hooks=["here.py"]).hooks == ["here.py"]  # a flag: as it is written
