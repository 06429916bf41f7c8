from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugins.build import build
from tests.editors.gimp.studio import REPOSITORY, Studio, chroot_root


@pytest.fixture(scope="session")
def gimp_root() -> Path:
    root = chroot_root()
    if root is None:
        reason = "GIMP 3.0's chroot is missing or cannot be entered: run .ci/editors-gimp.sh as root"
        if os.environ.get("MAHLSTICK_REQUIRE_EDITORS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return root


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("gimp", tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def studio(gimp_root: Path, bundle: Path, request: pytest.FixtureRequest) -> Iterator[Studio]:
    out = REPOSITORY / "artifacts" / "gimp" / request.node.name
    with Studio(gimp_root, out) as studio:
        studio.install(bundle)
        yield studio


@pytest.fixture
def photograph() -> Path:
    return REPOSITORY / "bridge" / "demo" / "sunset.jpg"
