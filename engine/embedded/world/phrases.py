"""The words of this world: what each thing, colour, hour and manner may be called.

These tables are the whole vocabulary of the embedded model; `vocabulary.txt` lists their words.
"""

from __future__ import annotations

from collections.abc import Mapping

Table = Mapping[str, tuple[str, ...]]

NOUNS_SAID: Table = {
    "circle": ("circle", "circle", "circle", "disc", "dot", "disk"),
    "square": ("square", "square", "square", "square", "square", "box"),
    "triangle": ("triangle",),
    "star": ("star",),
    "heart": ("heart",),
    "ring": ("ring", "ring", "ring", "hoop"),
    "cross": ("cross", "cross", "cross", "plus"),
    "hexagon": ("hexagon",),
    "tree": ("tree", "tree", "round tree"),
    "pine": ("pine", "pine tree", "fir", "fir tree"),
    "palm": ("palm", "palm tree", "palm tree"),
    "flower": ("flower", "flower", "blossom"),
    "house": ("house", "house", "house", "cottage", "home"),
    "tower": ("tower", "tower", "castle tower"),
    "bridge": ("bridge",),
    "boat": ("boat", "boat", "sailboat", "sailing boat", "ship"),
    "balloon": ("balloon", "balloon", "hot air balloon"),
    "kite": ("kite",),
    "bird": ("bird",),
    "fish": ("fish",),
    "cat": ("cat", "cat", "cat", "kitty"),
    "cloud": ("cloud",),
    "sign": ("sign", "sign", "board"),
    "sun": ("sun",),
    "full moon": ("full moon", "full moon", "moon", "round moon"),
    "crescent moon": ("crescent moon", "crescent moon", "crescent"),
}
PLURALS: Mapping[str, str] = {
    "box": "boxes",
    "fish": "fish",
    "cross": "crosses",
    "plus": "pluses",
    "kitty": "kitties",
}
COLOURS_SAID: Table = {
    "red": ("red", "red", "red", "red", "crimson", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow", "yellow", "yellow", "yellow", "golden"),
    "green": ("green", "green", "green", "green", "emerald"),
    "blue": ("blue", "blue", "blue", "blue", "azure"),
    "purple": ("purple", "purple", "purple", "violet"),
    "pink": ("pink", "pink", "pink", "rose"),
    "brown": ("brown",),
    "black": ("black",),
    "white": ("white",),
    "grey": ("grey", "gray"),
    "teal": ("teal", "teal", "turquoise"),
}
SIZES_SAID: Table = {
    "tiny": ("tiny", "tiny", "very small"),
    "small": ("small", "small", "little"),
    "medium": ("",),
    "large": ("large", "big"),
    "huge": ("huge", "giant", "very large"),
}
NUMBERS: Table = {"2": ("two", "two", "2"), "3": ("three", "three", "3"),
                  "4": ("four", "four", "4"), "5": ("five", "five", "5")}  # fmt: skip
BODIES_SAID: Table = {
    "sun": ("the sun", "the sun", "a sun", "a bright sun", "a yellow sun", "sunshine"),
    "full moon": ("a full moon", "a full moon", "the full moon", "the moon", "a round moon"),
    "crescent moon": ("a crescent moon", "a crescent moon", "a crescent", "a moon crescent"),
}
TIMES_SAID: Table = {
    "dawn": ("at dawn", "at sunrise", "in the early morning", "in the morning"),
    "day": ("by day", "at noon", "in daylight", "during the day"),
    "sunset": ("at sunset", "at sunset", "in the evening", "at sundown"),
    "dusk": ("at dusk", "at twilight", "after sunset"),
    "night": ("at night", "at night", "by night", "in the dark", "at midnight"),
}
BRIGHT_SKIES: Table = {  # said of a clear sky, or of one with a few clouds
    "dawn": ("a pink morning sky",),
    "day": ("a blue sky", "blue sky"),
    "sunset": ("an orange sunset", "an orange evening sky"),
}
SKIES_SAID: Table = {
    "dawn": ("a sunrise", "a dawn sky", "sunrise sky", "dawn"),
    "day": ("a daytime sky", "a day sky", "day"),
    "sunset": ("a sunset", "a sunset", "sunset sky", "sunset"),
    "dusk": ("dusk", "twilight", "a dusky sky", "a twilight sky"),
    "night": ("a night sky", "night sky", "the dark night sky", "a dark sky", "night"),
}
FARS_SAID: Table = {
    "hills": ("hills", "hills", "rolling hills", "low hills"),
    "mountains": ("mountains", "mountains", "high mountains", "the mountains", "mountain peaks"),
}
NEARS_SAID: Table = {
    "field": ("a field", "a meadow", "grass", "a grass field"),
    "path": ("a path", "a path", "a winding path", "a footpath"),
    "river": ("a river", "a river", "a stream", "a winding river"),
    "lake": ("a lake", "a lake", "the lake"),
    "sea": ("the sea", "the sea", "the ocean", "the water", "the waves"),
    "beach": ("a beach", "a beach", "the beach", "a sandy beach", "the seaside"),
}
WEATHERS_SAID: Table = {
    "rain": ("rain", "rain", "rainy weather", "falling rain"),
    "snow": ("snow", "snow", "snowfall", "falling snow"),
    "fog": ("fog", "fog", "mist", "foggy weather"),
}
WEATHERS_IN: Table = {
    "rain": ("in the rain", "in rain", "in rainy weather"),
    "snow": ("in the snow", "in snow", "in snowy weather"),
    "fog": ("in fog", "in the fog", "in the mist"),
}
CLOUDS_SAID: Table = {
    "none": ("a clear sky", "a clear sky", "no clouds", "clear weather"),
    "few": ("a few clouds", "some clouds", "clouds", "clouds"),
    "many": ("many clouds", "a cloudy sky", "clouds", "heavy clouds"),
}
STARS_SAID = ("stars", "many stars", "a starry sky", "bright stars")
MEDIA = ("a picture of ", "an image of ", "a painting of ", "a drawing of ", "paint ", "draw ")
VIEWS = ("a landscape", "a view", "a scene", "scenery")
SEA_VIEWS = ("a seascape", "a view", "a scene")
HEADS: Table = {  # how a manner is named before what is to be seen
    "flat": ("a flat picture of ", "a flat illustration of ", "an illustration of "),
    "watercolour": ("a watercolour of ", "a watercolor of ", "a watercolour painting of ",
                    "a watercolor painting of "),
    "oil": ("an oil painting of ", "oil painting of ", "an oil painting with "),
    "ink": ("an ink drawing of ", "ink drawing of ", "a pen and ink drawing of "),
    "pastel": ("a pastel drawing of ", "a chalk pastel of ", "a chalk drawing of ", "a pastel of "),
    "pixel": ("pixel art of ", "a pixel art picture of ", "pixel art with "),
    "photo": ("a photo of ", "a photograph of ", "photo of "),
}  # fmt: skip
TAILS: Table = {  # and how after it
    "flat": (", flat", " in flat colours", " in flat colors", ", flat illustration"),
    "watercolour": (" in watercolour", " in watercolor", ", watercolour", ", watercolor"),
    "oil": (" in oil", " in oils", ", oil painting", " painted in oil"),
    "ink": (" in ink", ", ink drawing", " drawn in ink", " in pen and ink"),
    "pastel": (" in pastel", " in chalk", ", chalk pastel", " in chalk pastel", ", pastel"),
    "pixel": (", pixel art", " in pixels", " as pixel art", ", pixel art"),
    "photo": (", photo", ", photograph"),
}
RELATIONS_SAID: Table = {
    "left of": ("left of", "to the left of", "on the left of"),
    "right of": ("right of", "to the right of", "on the right of"),
    "above": ("above", "above", "over"),
    "below": ("below", "under", "beneath", "underneath"),
    "inside": ("inside", "inside", "in", "within"),
    "on top of": ("on top of", "on top of", "standing on top of"),
}
INVERSE: Mapping[str, str] = {
    "left of": "right of", "right of": "left of", "above": "below", "below": "above",
    "inside": "around", "on top of": "under",
}  # fmt: skip
INVERSES_SAID: Table = {
    **RELATIONS_SAID, "around": ("around",), "under": ("under", "underneath", "below"),
}  # fmt: skip
GROUNDS = ("background", "background", "background", "ground", "backdrop")
WORDS_SAID = ("stop", "open", "hello", "art", "tea", "go", "sale", "exit")
_GLUE = (
    "a an the , and on in of at with by near under over above against front to "
    "one left right top bottom centre center middle corner sky water distance background "
    "that says saying word"
)


def plural(noun: str) -> str:
    """Return the plural of a noun's phrase; only its last word changes."""
    first, _, last = noun.rpartition(" ")
    return f"{first} {PLURALS.get(last, last + 's')}".strip()


def with_article(phrase: str) -> str:
    """Return a phrase with "a" or "an" before it."""
    return ("an " if phrase[:1] in "aeiou" else "a ") + phrase


def vocabulary() -> tuple[str, ...]:
    """Return every word a caption can hold, sorted."""
    tables = (NOUNS_SAID, COLOURS_SAID, SIZES_SAID, NUMBERS, BODIES_SAID, TIMES_SAID, SKIES_SAID,
              BRIGHT_SKIES, FARS_SAID, NEARS_SAID, WEATHERS_SAID, WEATHERS_IN, CLOUDS_SAID,
              HEADS, TAILS, RELATIONS_SAID, INVERSES_SAID)  # fmt: skip
    told = [phrase for table in tables for said in table.values() for phrase in said]
    told += [plural(noun) for said in NOUNS_SAID.values() for noun in said]
    told += [*STARS_SAID, *MEDIA, *VIEWS, *SEA_VIEWS, *GROUNDS, *WORDS_SAID, _GLUE]
    return tuple(sorted({word for phrase in told for word in split(phrase)}))


def split(text: str) -> list[str]:
    """Return a caption's words as the tokenizer parts them."""
    return text.replace(",", " , ").split()
