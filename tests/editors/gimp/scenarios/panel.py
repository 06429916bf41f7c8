"""A painter keeps the panel open: types, watches, chooses, keeps, cancels, undoes, goes live."""

from __future__ import annotations

from collections.abc import Callable

import hands
import stage
from gi.repository import Gimp
from painter import OURS, Desk

SLOW = "a slow moon"


def opening(desk: Desk) -> dict[str, object]:
    """Ctrl+Shift+F9 opens it; once more brings the same one to the front."""
    stage.connect("scripted")
    _open()
    hands.place(hands.PANEL, *OURS)
    hands.photograph("panel-opened")
    _open()
    desk.comes(lambda: False)  # a second panel would have come by now
    return {"panels": hands.count(hands.PANEL)}


def painting(desk: Desk) -> dict[str, object]:
    """Four candidates form on the canvas and in the panel; one is chosen afterwards."""
    image, before = desk.image, stage.flat(desk.image)
    stage.keep("panel-before.rgb", before)
    stage.keep("panel-selection.gray", stage.pixels(image.get_selection(), "Y u8"))
    desk.seen = []
    desk.name("panel")
    _ask("a full moon")
    hands.window(hands.PANEL_BUSY)
    desk.watch(hands.PANEL)
    hands.photograph("panel-painted")
    painted = stage.flat(image)
    stage.keep("panel-after.rgb", painted)
    facts: dict[str, object] = {
        "colours_seen": desk.seen,
        "layers": stage.names(image),
        "recipe": stage.recipe(image.get_layers()[0]),
        "active": [layer.get_name() for layer in image.get_selected_layers()],
    }
    best = hands.colour(desk.place)
    hands.press("alt+1")
    hands.wait_for(lambda: hands.colour(desk.place) != best, "the first candidate")
    facts["chosen"] = stage.recipe(image.get_layers()[0]).get("candidate")
    desk.undo()
    facts["undone_equal"] = stage.flat(image) == before
    desk.redo()
    facts["redone_equal"] = stage.recipe(image.get_layers()[0]).get("candidate") == 0
    desk.undo()
    return facts


def minds_changed(desk: Desk) -> dict[str, object]:
    """Keep This, Escape, Ctrl+Z while it paints, and a bridge that goes away."""
    image, before = desk.image, stage.flat(desk.image)
    facts: dict[str, object] = {}
    _begin(desk, SLOW)
    hands.photograph("panel-painting")
    hands.press("alt+k")
    hands.window(hands.PANEL)
    facts["layers_after_keep"] = stage.names(image)
    facts["kept"] = stage.recipe(image.get_layers()[0]).get("prompt")
    desk.undo()
    facts["after_keep_and_undo"] = stage.flat(image) == before
    for way, act in _WAYS.items():
        _begin(desk, "vanishing" if way == "bridge gone" else SLOW)
        act()
        hands.window(hands.PANEL)
        facts[way] = [stage.names(image), stage.flat(image) == before]
        hands.photograph(f"panel-{way.replace(' ', '-')}")
    return facts


def live(desk: Desk) -> dict[str, object]:
    """The picture is repainted whenever he rests; Ctrl+Z takes his own work back, not ours."""
    image, before = desk.image, stage.flat(desk.image)
    photo = hands.colour(desk.place)
    _write("live moon")
    hands.press("alt+l")
    hands.wait_for(lambda: hands.colour(desk.place) != photo, "live paint")
    facts: dict[str, object] = {"layers_live": stage.names(image)}
    settled = _settled(desk)
    hands.photograph("panel-live")
    _stroke(image)
    hands.wait_for(lambda: hands.colour(desk.place) != settled, "live paint that forms anew")
    _settled(desk)
    hands.focus(hands.IMAGE)
    hands.press("ctrl+z")
    hands.wait_for(lambda: stage.names(image) == facts["layers_live"], "his layer gone")
    hands.focus(hands.PANEL)
    facts["kept_at_last"] = _kept_live(desk)
    hands.press("alt+l")
    hands.wait_for(lambda: len(image.get_layers()) == 2, "the live layer gone")
    facts["layers_kept"] = stage.names(image)
    desk.undo()
    facts["undone_equal"] = stage.flat(image) == before
    return facts


def history(desk: Desk) -> dict[str, object]:
    """What was painted in the picture is listed, though it was undone."""
    hands.focus(hands.PANEL)
    for letter, page in (("h", "history"), ("s", "settings"), ("p", "")):
        hands.press(f"alt+{letter}")
        desk.comes(lambda: False)
        if page:
            hands.photograph(f"panel-{page}")
    return {"prompts": [entry["prompt"] for entry in stage.history(desk.image)]}


def closing(desk: Desk) -> dict[str, object]:
    """The picture is closed in mid-job; the panel offers a new one; it remembers what was typed."""
    _begin(desk, SLOW)
    desk.display.delete()
    hands.window(hands.PANEL)
    desk.comes(lambda: False)
    hands.photograph("panel-without-picture")
    images = len(Gimp.get_images())
    hands.focus(hands.PANEL)
    hands.press("alt+t", "Return")
    hands.focus("Mahlstick: New Picture")
    hands.photograph("new-picture")
    hands.press("Return")
    hands.wait_for(lambda: len(Gimp.get_images()) == 1, "a new picture")
    made = Gimp.get_images()[0]
    facts: dict[str, object] = {
        "images_after_closing": images,
        "size": [made.get_width(), made.get_height()],
    }
    hands.close(hands.PANEL)
    _open()
    hands.place(hands.PANEL, *OURS)
    _write("live moon")
    hands.press("Return")
    hands.wait_for(lambda: len(made.get_layers()) == 2, "a generated layer")
    hands.window(hands.PANEL)
    facts["mode"] = stage.recipe(made.get_layers()[0]).get("mode")
    hands.photograph("panel-again")
    hands.close(hands.PANEL)
    return facts


def _open() -> None:
    if Gimp.version().startswith("3.0"):
        hands.focus(hands.IMAGE)
        hands.press("ctrl+shift+F9")
    elif hands.is_open(hands.PANEL):
        image = Gimp.get_images()[0]
        stage.call("panel", image, Gimp.RunMode.INTERACTIVE)  # the open one lets it return at once
    else:
        stage.keep("open-panel", b"")
    hands.window(hands.PANEL)


def _write(prompt: str) -> None:
    hands.focus(hands.PANEL)
    hands.press("alt+t", "ctrl+a")
    hands.type_text(prompt)


def _ask(prompt: str) -> None:
    _write(prompt)
    hands.photograph("panel-typed")
    hands.press("Return")


def _begin(desk: Desk, prompt: str) -> None:
    before = hands.colour(desk.place)
    _write(prompt)
    hands.press("Return")
    hands.window(hands.PANEL_BUSY)
    hands.wait_for(lambda: hands.colour(desk.place) != before, "a preview on the canvas")


def _undo_in_image() -> None:
    hands.focus(hands.IMAGE)
    hands.press("ctrl+z")


_WAYS: dict[str, Callable[[], None]] = {
    "cancelled": lambda: hands.press("Escape"),
    "undone": _undo_in_image,
    "bridge gone": lambda: None,
}


def _stroke(image: object) -> None:
    """Something of the painter's own, undoable: a small layer beside the selection."""
    mode = image.get_default_new_layer_mode()
    kind = Gimp.ImageType.RGBA_IMAGE
    layer = Gimp.Layer.new(image, "his own", 90, 60, kind, 100.0, mode)
    layer.fill(Gimp.FillType.WHITE)
    layer.set_offsets(430, 90)
    image.insert_layer(layer, None, 1)
    Gimp.displays_flush()


def _settled(desk: Desk) -> tuple[int, int, int]:
    """The colour of live paint that no longer changes."""
    seen = (0, 0, 0)
    while seen != hands.colour(desk.place):
        seen = hands.colour(desk.place)
        desk.comes(lambda was=seen: hands.colour(desk.place) != was)
    return seen


def _kept_live(desk: Desk) -> bool:
    """Press Keep This until there is something to keep: it is repainted all the time."""
    for _ in range(40):
        hands.press("alt+k")
        if desk.comes(lambda: "live moon" in stage.names(desk.image)):
            return True
    return False
