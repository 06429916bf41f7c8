from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugins.build import build
from tests.editors.gimp.pictures import develop
from tests.editors.gimp.studio import REPOSITORY, Studio, chroot_root, version
from tests.editors.presence import need


@pytest.fixture(scope="session")
def gimp_root() -> Path:
    root = chroot_root()
    missing = f"GIMP {version()} in a chroot that this user may enter"
    need([] if root else [missing], f".ci/editors-gimp.sh {version()}")
    assert root is not None
    return root


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("gimp", tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def studio(gimp_root: Path, bundle: Path, request: pytest.FixtureRequest) -> Iterator[Studio]:
    out = REPOSITORY / "artifacts" / "gimp" / request.node.name
    shutil.rmtree(out, ignore_errors=True)
    with Studio(gimp_root, out) as studio:
        studio.install(bundle)
        yield studio
    develop(out)


@pytest.fixture
def photograph() -> Path:
    return REPOSITORY / "bridge" / "demo" / "sunset.jpg"
