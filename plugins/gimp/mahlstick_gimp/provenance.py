"""How an exported picture tells that a machine painted in it: GIMP's own metadata of the image.

GIMP writes these into PNG, JPEG, WebP and TIFF when it exports with XMP data, its own default:
`Xmp.iptcExt.DigitalSourceType` for programs that mark such pictures, and one line of JSON a
painting in `Xmp.photoshop.History`. What the painter wrote there stays.
"""

from __future__ import annotations

import json
from xml.etree import ElementTree

from .host import Foreign, Gimp

SOURCE = "Xmp.iptcExt.DigitalSourceType"
PARTLY = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
HISTORY = "Xmp.photoshop.History"
MARK = '{"mahlstick": '
_UNTOLD = ("record", "version")  # of use in the layer only; and a JPEG holds 64 KiB of XMP at most
_MAX_CHARACTERS = 16000


def metadata_with(metadata: Foreign, recipe: dict[str, object]) -> Foreign:
    """Return a copy of an image's metadata, or of none, that tells of one more painting.

    A painting of the same job replaces what was told of it before.
    """
    tags = _tags(metadata)
    told = [line for line in _text(tags, HISTORY).split("\n") if line and not _is_of(line, recipe)]
    kept = {name: value for name, value in recipe.items() if name not in _UNTOLD}
    told.append(MARK + json.dumps(kept, sort_keys=True) + "}")
    while len(told) > 1 and sum(map(len, told)) > _MAX_CHARACTERS:
        del told[next((at for at, line in enumerate(told) if line.startswith(MARK)), 0)]
    _set(tags, HISTORY, "\n".join(told))
    _set(tags, SOURCE, PARTLY)
    return Gimp.Metadata.deserialize(ElementTree.tostring(tags, encoding="unicode"))


def _is_of(line: str, recipe: dict[str, object]) -> bool:
    if not line.startswith(MARK):
        return False
    try:
        return json.loads(line)["mahlstick"].get("job") == recipe.get("job")
    except (ValueError, AttributeError):
        return False


def _tags(metadata: Foreign) -> ElementTree.Element:
    if metadata is None:
        return ElementTree.Element("metadata")
    return ElementTree.fromstring(metadata.serialize())  # noqa: S314 - GIMP's own text


def _find(tags: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next((tag for tag in tags.iter("tag") if tag.get("name") == name), None)


def _text(tags: ElementTree.Element, name: str) -> str:
    found = _find(tags, name)
    return (found.text or "") if found is not None else ""


def _set(tags: ElementTree.Element, name: str, text: str) -> None:
    found = _find(tags, name)
    if found is None:
        found = ElementTree.SubElement(tags, "tag", name=name)
    found.text = text
