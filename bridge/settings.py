"""Every setting of the bridge: name, default, help.

A flag beats the environment (`MAHLSTICK_PORT`), which beats the settings file (TOML, the same
names). Only the entry point reads them; everything below is given what it needs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar, Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bridge.errors import SettingsError
from bridge.policy import ADMIN_FILE, Lock, PolicyName, read_lock
from bridge.wire.connection import config_folder

NAME = "mahlstick"
SETTINGS_FILE_VARIABLE = "MAHLSTICK_SETTINGS"
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["text", "json"]


class SettingsFile(TomlConfigSettingsSource):
    """The settings file, in which relative paths of models and hooks count from its own folder."""

    def __call__(self) -> dict[str, Any]:
        """Return what the file says, its paths absolute."""
        told = dict(super().__call__())
        folder = Path(str(self.toml_file_path)).absolute().parent
        for name, is_path in (("models", lambda _: True), ("hooks", _is_file)):
            listed = told.get(name)
            if isinstance(listed, list):
                told[name] = [
                    str(folder / Path(each).expanduser())
                    if isinstance(each, str) and is_path(each)
                    else each
                    for each in listed
                ]
        return told


def _is_file(hook: str) -> bool:
    return hook.endswith(".py") or "/" in hook or "\\" in hook


def _state_folder() -> Path:
    return Path(platformdirs.user_state_path(NAME))


def _models_folder() -> Path:
    return Path(platformdirs.user_data_path(NAME)) / "models"


class Settings(BaseSettings):
    """All settings, checked. Unknown names are refused, so that a misspelt one is not ignored."""

    model_config = SettingsConfigDict(env_prefix="MAHLSTICK_", extra="forbid", frozen=True)
    settings_file: ClassVar[Path | None] = None

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8765, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    state_dir: Path = Field(
        default_factory=_state_folder,
        description="Folder for jobs, results, the lock and the connection file.",
    )
    config_dir: Path = Field(
        default_factory=config_folder,
        description="Folder for the second copy of the connection file, where the editors look.",
    )
    allowed_hosts: list[str] = Field(
        default_factory=list,
        description="Names (or name:port) by which clients may call the bridge, besides localhost.",
    )
    allowed_origins: list[str] = Field(
        default_factory=list,
        description="Origins of web pages that may call the bridge; by default none.",
    )
    token: SecretStr | None = Field(
        None, description="The token clients must show; by default a random one is made and kept."
    )
    tls: bool = Field(
        False,
        description="Encrypt, with tls_certificate or else a certificate of the bridge's own.",
    )
    tls_certificate: Path | None = Field(
        None, description="A certificate with its chain (PEM) for encrypted connections."
    )
    tls_key: Path | None = Field(None, description="The certificate's key (PEM, unencrypted).")
    models: list[Path] = Field(
        default_factory=list, description="Folders with checkpoints, besides the embedded model."
    )
    models_dir: Path = Field(
        default_factory=_models_folder,
        description="Folder that models are downloaded into, and painted with from there.",
    )
    hub: str | None = Field(
        None, description="Address of a model hub, where it is not the one of HF_ENDPOINT."
    )
    download_hosts: list[str] = Field(
        default_factory=list,
        description="Hosts (name or name:port) that downloads may reach at private addresses and"
        " without https.",
    )
    hooks: list[str] = Field(
        default_factory=list, description="Python files or modules with hooks for the engine."
    )
    options: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Settings of plugins by section; in the file: tables like [options.rank].",
    )
    policy: PolicyName = Field(
        "studio",
        description="How strict the filters are: off, studio (warns) or classroom (refuses).",
    )
    hook_timeout_s: float = Field(
        120.0, gt=0, description="Seconds a plugin's hook may take; one that hangs costs its job."
    )
    max_pending_jobs: int = Field(
        100, ge=1, le=10_000, description="Waiting jobs a session may have."
    )
    max_pending_bytes: int = Field(
        4 * 2**30, ge=2**20, description="Bytes that the pictures of all waiting jobs may take."
    )
    worker_idle_s: float = Field(
        600.0, gt=0, description="Seconds without a job after which the model's memory is freed."
    )
    model_memory: int | None = Field(
        None,
        ge=0,
        description="Bytes of main memory that loaded models may take together, so that going back"
        " to one of them reads nothing; by default a share of what there is.",
    )
    offload: Literal["auto", "none", "model", "group", "layer"] = Field(
        "auto",
        description="What of a model rests in main memory while a GPU paints: auto chooses from"
        " what is free; model: a part at a time is there; group: some blocks; layer: one layer.",
    )
    compile: bool = Field(
        False,
        description="Compile a model's blocks in the background (torch.compile): minutes at the"
        " first painting, faster steps afterwards.",
    )
    result_ttl_s: float = Field(
        7 * 24 * 3600.0, gt=0, description="Seconds for which results and history are kept."
    )
    max_kept_bytes: int = Field(
        20 * 2**30, ge=2**20, description="Bytes of results beyond which the oldest are removed."
    )
    synchronous: Literal["normal", "full"] = Field(
        "normal",
        description="When a job counts as written: normal survives any end of the bridge, full"
        " (slower) a power cut too.",
    )
    link_ttl_s: float = Field(
        3600.0, gt=0, description="Seconds for which a link to a picture can be fetched."
    )
    images_per_minute: int | None = Field(
        None, ge=1, description="Pictures the OpenAI API paints a minute; by default no limit."
    )
    signing_chain: Path | None = Field(
        None,
        description="Certificates (PEM, leaf first) to sign pictures with; by default local ones.",
    )
    signing_key: Path | None = Field(
        None, description="The key (PEM, unencrypted) of the first of those certificates."
    )
    log_level: LogLevel = Field("info", description="How much is logged.")
    log_format: LogFormat = Field(
        "text", description="Log lines for people, or JSON objects for programs."
    )

    @field_validator("options")
    @classmethod
    def _has_one_policy(cls, told: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        if "policy" in told.get("filters", {}):
            raise ValueError("the policy is a setting of its own, not one of options.filters")
        return told

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic passes it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings come from: flags, then the environment, then the file."""
        toml = SettingsFile(settings_cls, toml_file=cls.settings_file)
        return init_settings, env_settings, toml


def load_settings(
    settings_file: Path | None = None, *, admin_file: Path = ADMIN_FILE, **flags: object
) -> Settings:
    """Return the settings from flags (None = not given), environment and file.

    What the administrator's file decides overrules them all. Raises SettingsError naming the
    setting, what was given and what is accepted.
    """
    lock = read_lock(admin_file)
    path = settings_file or _file_from_environment()
    if path is not None and not path.is_file():
        raise SettingsError(
            f"The settings file {path} does not exist; name another or leave it out."
        )
    source = path or config_folder() / "settings.toml"

    # A class of its own, as pydantic-settings takes the file's name from the class only.
    class Configured(Settings):
        settings_file: ClassVar[Path | None] = source

    given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    try:
        settings = Configured(**given)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    except ValueError as error:  # tomllib's, and json's for lists in the environment
        raise SettingsError(f"The settings cannot be read: {error}. See {source}.") from None
    return settings if lock is None else _locked(settings, lock)


def engine_options(settings: Settings) -> dict[str, Any]:
    """Return what an engine is made with, JSON-able: models, hooks, and the plugins' settings.

    The painter's own presets and wildcard files lie beside the settings file, unless it says
    otherwise.
    """
    folder = settings.config_dir.expanduser().absolute()
    prompts = {name: str(folder / name) for name in ("presets", "wildcards")}
    told = settings.options
    own = settings.models_dir.expanduser().absolute()
    index = settings.state_dir.expanduser().absolute() / "models.sqlite"
    return {
        "models": [str(path) for path in settings.models],
        "hooks": settings.hooks,
        "options": {
            **told,
            "prompts": {**prompts, **told.get("prompts", {})},
            "filters": {**told.get("filters", {}), "policy": settings.policy},
            "memory": {
                "kept_bytes": settings.model_memory,
                "offload": settings.offload,
                "compile": settings.compile,
                **told.get("memory", {}),
            },
            "upscalers": {
                "folders": [str(path) for path in settings.models],
                **told.get("upscalers", {}),
            },
            "library": {"folder": str(own), "index": str(index), **told.get("library", {})},
        },
        "hook_timeout_s": settings.hook_timeout_s,
    }


def _locked(settings: Settings, lock: Lock) -> Settings:
    """Return settings in which the administrator's decision stands; the rest stays the user's."""
    decided = {
        "policy": lock.policy,
        "hooks": list(lock.hooks),
        "options": {**settings.options, "filters": dict(lock.filters)},
    }
    return settings.model_copy(update=decided)


def _file_from_environment() -> Path | None:
    named = os.environ.get(SETTINGS_FILE_VARIABLE)
    return Path(named) if named else None


def _sentence(error: ValidationError) -> str:
    parts: list[str] = []
    for problem in error.errors(include_url=False):
        name = ".".join(str(part) for part in problem["loc"])
        shown = "" if name == "token" else f" (given: {problem.get('input')!r})"
        parts.append(f"Setting {name}: {problem['msg']}{shown}.")
    return " ".join(parts)
