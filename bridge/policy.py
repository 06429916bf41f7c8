"""What the administrator of a computer has decided, and nobody below can lift.

A file outside the user's reach names the filters' policy, their settings and the only hooks that
are loaded. Where it exists, flags, environment and the user's settings file are overruled in these
three; clients have no say in them anyway.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from bridge.errors import SettingsError

PolicyName = Literal["off", "studio", "classroom"]
NAMES: tuple[str, ...] = get_args(PolicyName)
_PLACES = {
    "win32": "C:/ProgramData/mahlstick/policy.toml",
    "darwin": "/Library/Application Support/mahlstick/policy.toml",
}
# Fixed, and not asked of the environment, which is the user's.
ADMIN_FILE = Path(_PLACES.get(sys.platform, "/etc/mahlstick/policy.toml"))
_KEYS = ("policy", "filters", "hooks")


@dataclass(frozen=True, slots=True)
class Lock:
    """The decision: a policy, its filters' settings, and the hooks that may be loaded."""

    policy: PolicyName
    filters: Mapping[str, Any] = field(default_factory=dict)
    hooks: tuple[str, ...] = ()


def read_lock(file: Path = ADMIN_FILE) -> Lock | None:
    """Return the administrator's decision, None where there is no file.

    Raises SettingsError for a file that cannot be read or means nothing: a lock that is broken
    must not stand open.
    """
    try:
        told = tomllib.loads(file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # tomllib's and the decoder's are ValueErrors
        raise SettingsError(
            f"The administrator's policy {file} cannot be read: {error}. Whoever looks after this "
            "computer has to correct it."
        ) from error
    _check(told, file)
    return Lock(told["policy"], told.get("filters", {}), tuple(told.get("hooks", ())))


def _check(told: Mapping[str, Any], file: Path) -> None:
    filters, hooks = told.get("filters", {}), told.get("hooks", [])
    if set(told) - set(_KEYS):
        wrong = f"has {', '.join(sorted(set(told) - set(_KEYS)))}; accepted are {', '.join(_KEYS)}"
    elif told.get("policy") not in NAMES:
        wrong = f"says policy = {told.get('policy')!r}; accepted are {', '.join(NAMES)}"
    elif not isinstance(filters, dict) or "policy" in filters:
        wrong = "has filters that are no table of settings"
    elif not isinstance(hooks, list) or not all(isinstance(hook, str) for hook in hooks):
        wrong = "has hooks that are no list of names"
    else:
        return
    raise SettingsError(
        f"The administrator's policy {file} {wrong}. Whoever looks after this computer has to "
        "correct it."
    )
