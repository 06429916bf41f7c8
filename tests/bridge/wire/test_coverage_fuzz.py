"""Frames that a fuzzer finds by the branches they reach: decoding never ends in anything but words.

It needs `atheris`, which exists for few Pythons, so it is no dependency; `make qualify` runs it
where it is installed.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
RUNS = 200_000 if os.environ.get("MAHLSTICK_QUALIFY") else 2_000
SCRIPT = """
import sys
import atheris
with atheris.instrument_imports(include=["bridge.wire"]):
    from bridge.wire.codec import decode, encode
    from bridge.wire.errors import DecodeError

def one(data):
    for side in ("client", "server"):
        try:
            message = decode(data, side)
        except DecodeError as error:
            assert error.message.endswith("."), error.message
        else:
            assert decode(encode(message), side) == message

atheris.Setup(sys.argv, one)
atheris.Fuzz()
"""


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_no_frame_that_a_fuzzer_finds_is_worse_than_a_decode_error(tmp_path: Path) -> None:
    from tests.bridge.wire.seeds import seeds

    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, frame in enumerate(seeds()):
        (corpus / str(number)).write_bytes(frame)
    arguments = [
        f"-runs={RUNS}",
        "-max_len=4096",
        "-seed=1",
        f"-artifact_prefix={tmp_path}/",
        corpus,
    ]
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
