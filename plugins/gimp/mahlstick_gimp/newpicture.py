"""A new picture for a painter who has none open: asked for, made and shown."""

from __future__ import annotations

from .errors import PainterError
from .host import Foreign, Gimp
from .language import tr

SIDES = (1, 8192, 1024)  # pixels: least, most, usual


def new_picture(width: int, height: int) -> Foreign:
    """Make a white picture and show it; the image."""
    image = Gimp.Image.new(width, height, Gimp.ImageBaseType.RGB)
    mode = image.get_default_new_layer_mode()
    kind = Gimp.ImageType.RGB_IMAGE
    layer = Gimp.Layer.new(image, tr("Background"), width, height, kind, 100.0, mode)
    layer.fill(Gimp.FillType.WHITE)
    image.insert_layer(layer, None, 0)
    image.clean_all()  # closing it unused must not ask whether to save it
    Gimp.Display.new(image)
    Gimp.displays_flush()
    return image


def ask_for_picture() -> Foreign:
    """Offer to make a picture; the image. PainterError when the painter does not want one."""
    from .fields import SPACING  # these need a screen
    from .widgets import GimpUi, Gtk

    window = GimpUi.Dialog(title=tr("Mahlstick: New Picture"), role="mahlstick-new")
    area = window.get_content_area()
    area.set_spacing(2 * SPACING)
    area.set_border_width(2 * SPACING)
    text = tr("No picture is open. Mahlstick paints into one: make a new one of this size?")
    label = Gtk.Label(label=text, xalign=0.0, wrap=True)
    label.set_max_width_chars(40)
    area.pack_start(label, False, False, 0)
    table = Gtk.Grid(column_spacing=2 * SPACING, row_spacing=SPACING)
    spins = []
    for row, name in enumerate((tr("_Width in pixels"), tr("_Height in pixels"))):
        spin = Gtk.SpinButton.new_with_range(*SIDES[:2], 64)
        spin.set_value(SIDES[2])
        spin.set_activates_default(True)
        caption = Gtk.Label(label=name, use_underline=True, xalign=0.0)
        caption.set_mnemonic_widget(spin)
        table.attach(caption, 0, row, 1, 1)
        table.attach(spin, 1, row, 1, 1)
        spins.append(spin)
    area.pack_start(table, False, False, 0)
    window.add_button(tr("_Cancel"), Gtk.ResponseType.CANCEL)
    window.add_button(tr("_Make a New Picture"), Gtk.ResponseType.OK)
    window.set_default_response(Gtk.ResponseType.OK)
    window.show_all()
    answer = window.run()
    width, height = (spin.get_value_as_int() for spin in spins)
    window.destroy()
    if answer != Gtk.ResponseType.OK:
        raise PainterError(tr("No picture is open. Open one or make a new one, then try again."))
    return new_picture(width, height)
