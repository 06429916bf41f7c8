"""`mahlstick inspect`: what a picture file says of how it came about, and whether that holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

_VERDICTS = {
    "Valid": "intact; the signer is not known to others, as a local one cannot be",
    "Trusted": "intact, and the signer is known",
    "Invalid": "BROKEN: the file was changed after it was signed",
}


@dataclass(frozen=True)
class Inspected:
    """What was found in a file: our record, c2pa's report, the search for the watermark."""

    record: Mapping[str, Any] | None
    signature: Mapping[str, Any] | None
    marked: bool
    score: float  # of the watermark, in standard deviations of an unmarked picture's

    def lines(self) -> Iterator[str]:
        """Yield what was found as sentences."""
        from engine import parameters

        if self.record is None:
            yield "Record: none; Mahlstick did not paint it, or another program saved it again."
        else:
            yield "Record:"
            yield from (f"  {line}" for line in parameters(self.record).split("\n"))
        if self.signature is None:
            yield "Signature (C2PA): none."
        else:
            yield f"Signature (C2PA): {_VERDICTS[self.signature['validation_state']]}."
            yield f"  Signed by: {_issuer(self.signature)}"
        yield f"Watermark: {'found' if self.marked else 'none'} (score {self.score:.1f})."


def inspect(
    file: Annotated[Path, typer.Argument(help="A PNG, JPEG or WebP.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say what a picture says of itself: its settings, its signature, its watermark."""
    told = inspected(file)
    if not as_json:
        for line in told.lines():
            typer.echo(line)
        return
    state = None if told.signature is None else told.signature["validation_state"]
    found = {"record": told.record, "signature": state, "watermark": told.marked}
    typer.echo(json.dumps(found, ensure_ascii=False))


def inspected(file: Path) -> Inspected:
    """Return what is found in a file; raises InputFailure for one that is no picture."""
    from PIL import Image

    from bridge.cli.pictures import load_picture
    from bridge.signing import verified
    from bridge.signing.signer import MIMES, kind_of
    from engine import recorded, watermark_of

    pixels = load_picture(file).rgba
    content = file.read_bytes()
    kind = kind_of(content)
    with Image.open(file, formats=["PNG", "JPEG", "WEBP", "TIFF", "BMP"]) as picture:
        picture.load()
        record = recorded(picture)
    mark = watermark_of(pixels)
    signature = None if kind is None else verified(content, MIMES[kind])
    return Inspected(record, signature, mark.marked, mark.score)


def _issuer(signature: Mapping[str, Any]) -> str:
    active = signature["manifests"][signature["active_manifest"]]
    return str(active.get("signature_info", {}).get("issuer", "nobody who is named"))
