"""What a picture file says of itself: the record of what made it, and labels other programs read.

- `parameters`, the lines that began with AUTOMATIC1111's interface: a text of a PNG, the EXIF
  comment of a JPEG or WebP;
- XMP with IPTC's digital source type, by which agencies and social networks recognise pictures
  that a trained model painted or helped to paint;
- our own record as JSON, from which `mahlstick replay` paints the same pixels.

Nothing about the person, the machine or the time is written.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, unescape

from PIL import Image
from PIL.PngImagePlugin import PngInfo

_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:mahlstick="https://mahlstick.org/xmp/1/">
<xmp:CreatorTool>{tool}</xmp:CreatorTool>
<Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>
<mahlstick:Record>{record}</mahlstick:Record>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
_IN_XMP = re.compile(r"<mahlstick:Record>(.*?)</mahlstick:Record>", re.DOTALL)
_EXIF_IFD, _COMMENT, _SOFTWARE = 0x8769, 0x9286, 0x0131


def source_type(mode: str) -> str:
    """Return IPTC's digital source type of what a mode paints, as a URL."""
    whole = mode in ("generate", "vary")
    return _SOURCE + ("trained" if whole else "compositeWithTrained") + "AlgorithmicMedia"


def xmp(record: Mapping[str, Any]) -> str:
    """Return the XMP packet of a record."""
    told = json.dumps(record, ensure_ascii=False)
    return _XMP.format(
        tool=escape(_tool(record)), source=source_type(record["mode"]), record=escape(told)
    )


def labelled(image: Image.Image, kind: str, record: Mapping[str, Any], **options: object) -> bytes:
    """Return an RGB or RGBA picture as a png, jpeg or webp file that carries its record.

    `options` are what Pillow takes for the kind of file: quality, lossless, compress_level. A JPEG
    has no transparency: lay the picture on a ground first.
    """
    file = io.BytesIO()
    if kind == "png":
        image.save(file, "PNG", **{"compress_level": 1, "pnginfo": _chunks(record), **options})
        return file.getvalue()
    # WebP and JPEG hold at most 64 kB of each; a record has a few.
    image.save(file, kind.upper(), exif=_exif(record), xmp=xmp(record).encode(), **options)
    return file.getvalue()


def recorded(image: Image.Image) -> dict[str, Any] | None:
    """Return the record an opened picture carries; None where it has none that can be read."""
    told = getattr(image, "text", {}).get("mahlstick")
    if told is None:
        packet = image.info.get("xmp", b"")
        text = packet.decode("utf-8", "replace") if isinstance(packet, bytes) else str(packet)
        found = _IN_XMP.search(text)
        told = unescape(found[1]) if found else None
    try:
        record = json.loads(told) if told is not None else None
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def parameters(record: Mapping[str, Any]) -> str:
    """Return prompt and settings in the three lines that began with AUTOMATIC1111's interface."""
    prompt = record.get("candidate_prompt", record["prompt"])
    negative = record.get("candidate_negative_prompt", record["negative_prompt"])
    lines = [" ".join(prompt.split())]  # a line break would end the prompt for readers
    if negative:
        lines.append("Negative prompt: " + " ".join(negative.split()))
    layout = record["boxes"]["canvas"]
    settings = {
        "Steps": record["steps"],
        "Sampler": record["sampler"],
        "Schedule type": record["schedule"],
        "CFG scale": record["guidance"],
        "Seed": record["candidate_seed"],
        "Size": f"{layout['width']}x{layout['height']}",
        "Model hash": record["model"]["sha256"][:10],
        "Model": record["model"]["name"],
    }
    if record["strength"] not in (None, 1.0):
        settings["Denoising strength"] = record["strength"]
    settings["Version"] = f"mahlstick {record['versions'].get('mahlstick', 'unknown')}"
    return "\n".join([*lines, ", ".join(f"{key}: {value}" for key, value in settings.items())])


def _tool(record: Mapping[str, Any]) -> str:
    return f"Mahlstick {record.get('versions', {}).get('mahlstick', '')}".strip()


def _chunks(record: Mapping[str, Any]) -> PngInfo:
    chunks = PngInfo()
    chunks.add_itxt("parameters", parameters(record))
    chunks.add_itxt("mahlstick", json.dumps(record, ensure_ascii=False))
    chunks.add_itxt("XML:com.adobe.xmp", xmp(record))
    return chunks


def _exif(record: Mapping[str, Any]) -> Image.Exif:
    exif = Image.Exif()
    exif[_SOFTWARE] = _tool(record)
    text = parameters(record).encode("utf-16-be")
    exif.get_ifd(_EXIF_IFD)[_COMMENT] = b"UNICODE\0" + text
    return exif
