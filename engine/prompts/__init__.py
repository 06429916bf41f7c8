"""Prompts: one grammar for weights, alternation, wildcards, LoRAs; presets; long prompts in chunks.

A request's prompt is `drawn` for each candidate's seed, then `Prompt.read`; `Prompt.wordings` says
what is asked for at each step. No torch here, and no model: what a model knows of the words it says
itself.
"""

from engine.prompts.chunks import Chunk, chunked
from engine.prompts.drawing import drawn
from engine.prompts.nodes import Lora
from engine.prompts.words import Asked, Prompt, Span, Words

__all__ = ["Asked", "Chunk", "Lora", "Prompt", "Span", "Words", "chunked", "drawn"]
