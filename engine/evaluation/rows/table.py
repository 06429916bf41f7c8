"""The rows of `mahlstick eval` in order: a new one is a line here."""

from __future__ import annotations

from engine.evaluation.rows import composed, holes, likeness, looks, pace, scenery
from engine.evaluation.setting import Row

ROWS = (
    Row("one", "one object: colour and shape right",
        composed.composed("one", "one object: colour and shape right", 98), judged=True),
    Row("two", "two objects: each colour on its own shape",
        composed.composed("two", "two objects: each colour on its own shape", 92), judged=True),
    Row("three", "three objects, each in its own colour",
        composed.composed("three", "three objects, each in its own colour", 85), judged=True),
    Row("count", "counting 1 to 5",
        composed.composed("count", "counting 1 to 5", 88), judged=True),
    Row("relation", "left, right, above, below, inside, on top of",
        composed.composed("relation", "relation right", 92), judged=True),
    Row("parts", "scene parts present, by the probe", scenery.parts),
    Row("manners", "manner recognised, by the probe", scenery.manners),
    Row("retrieval", "CLIP: a caption finds its picture", likeness.retrieval, towers=True),
    Row("ranking", "first of four by CLIP against a random one", composed.ranking, judged=True),
    Row("inpainting", "what is asked is in the selection; its border", holes.inpainting,
        judged=True),
    Row("outpainting", "landscapes made half as wide again", holes.outpainting),
    Row("variation", "near in meaning, not copied in pixels", likeness.variation, towers=True),
    Row("prior", "image embeddings shuffled, and left out", likeness.prior, towers=True),
    Row("four", "seconds for four candidates, and to the first preview", pace.four),
    Row("step", "one step against the bare network", pace.step, towers=True),
    Row("photographs", "painted into ten pictures; to look at", holes.photographs),
    Row("signs", "text in pictures; to look at", looks.looks("signs", looks.SIGNS)),
    Row("faces", "small faces; to look at", looks.looks("faces", looks.FACES)),
    Row("people", "defaults for people; to look at", looks.looks("people", looks.PEOPLE)),
)  # fmt: skip
