"""A bridge in a process of its own, with the small engine in its worker: `python -m ... FOLDER`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from bridge.server import Parts, Ready, serve
from bridge.workers.process import EngineChoice
from tests.bridge.talk import OFFER, settings_in


def tell(ready: Ready) -> None:
    sys.stdout.write(json.dumps(asdict(ready), default=str) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    engine = EngineChoice("tests.bridge.painters:make", {})
    serve(settings_in(Path(sys.argv[1])), tell, Parts(engine=engine, offer=OFFER))
