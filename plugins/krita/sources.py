"""Where a painting came from: its layer and the selection it was painted in, shown again."""

from __future__ import annotations

from .history import Entry
from .host import krita
from .libkis import Node


def reveal(entry: Entry) -> bool:
    """Select where it was painted and make its layer the active one; tell if that is there."""
    document = krita.Krita.instance().activeDocument()
    if document is None:
        return False
    mask, rect = entry.selection(), entry.rect
    if mask:
        selection = krita.Selection()
        selection.setPixelData(mask, rect.left, rect.top, rect.width, rect.height)
        document.setSelection(selection)
    layer = layer_of(document.rootNode(), entry.layer)
    if layer is not None:
        document.setActiveNode(layer)
    return layer is not None


def layer_of(parent: Node, identity: str) -> Node | None:
    """Return the layer of this id, however deep it lies; None when it is gone."""
    for node in parent.childNodes():
        if node.uniqueId().toString() == identity:
            return node
        found = layer_of(node, identity)
        if found is not None:
            return found
    return None
