"""What can be done by a key: the names of Krita's shortcut editor, and the panel's methods."""

from __future__ import annotations

from dataclasses import dataclass

from .language import noted


@dataclass(frozen=True)
class Action:
    """One entry; `method` is the panel's, `choice` an intent's name when it paints."""

    name: str
    text: str
    method: str
    choice: str = ""


ACTIONS = (
    Action("mahlstick_paint", noted("Paint with Mahlstick"), "paint_now"),
    Action("mahlstick_cancel", noted("Cancel Painting"), "cancel_now"),
    Action("mahlstick_keep", noted("Keep What Is Painted"), "keep_now"),
    Action("mahlstick_undo", noted("Undo This Painting"), "undo_now"),
    Action("mahlstick_generate", noted("Generate a Picture"), "paint_as", "generate"),
    Action("mahlstick_fill", noted("Fill the Selection"), "paint_as", "fill"),
    Action(
        "mahlstick_fill_transparent",
        noted("Fill What Is Transparent"),
        "paint_as",
        "fill_transparent",
    ),
    Action("mahlstick_refine", noted("Refine the Picture"), "paint_as", "refine"),
    Action(
        "mahlstick_refine_selection", noted("Refine the Selection"), "paint_as", "refine_selection"
    ),
    Action("mahlstick_expand", noted("Expand the Canvas"), "paint_as", "expand"),
    Action("mahlstick_vary", noted("Vary the Picture"), "paint_as", "vary"),
    Action("mahlstick_upscale", noted("Upscale the Picture"), "paint_as", "upscale"),
    Action("mahlstick_vary_candidate", noted("Vary This Candidate"), "vary_candidate"),
    Action("mahlstick_upscale_candidate", noted("Upscale This Candidate"), "upscale_candidate"),
    Action("mahlstick_next", noted("Next Candidate"), "next_candidate"),
    Action("mahlstick_previous", noted("Previous Candidate"), "previous_candidate"),
    Action("mahlstick_live", noted("Live Painting"), "toggle_live"),
    Action("mahlstick_masks", noted("Show the Masks"), "toggle_masks"),
    Action("mahlstick_again", noted("Use the Newest Settings Again"), "newest_again"),
    Action("mahlstick_focus", noted("Write the Prompt"), "focus_prompt"),
)
