"""A closed vocabulary at work: which words of a prompt a model knows, and what to offer instead."""

from __future__ import annotations

import difflib
import json
import re
import string
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.embedded.tokenizer import SPECIAL
from engine.errors import ModelError
from engine.families import Understanding

_PIECES = re.compile(r"\w+|[^\w\s]")
GLUE = frozenset(
    (
        *("a", "an", "the", "of", "in", "on", "at", "with", "and", "over", "above", "by", "to"),
        *("no", "without", "against", "front", "background", "ground", "field", "backdrop"),
        *("paint", "painting", "picture", "image", "drawing", "photo", "view", "scene"),
        *("scenery", "during", "after", "some", "many", "few", "draw", "drawn", "painted", "as"),
        *("that", "says", "saying", "word", "very", "from", "near", "under", "around", "standing"),
    )
)  # words that ask for nothing by themselves
SYNONYMS: Mapping[str, str] = {  # what painters say for what the world knows by another name
    **dict.fromkeys(("kitten", "kittens", "tomcat", "pussycat"), "cat"),
    **dict.fromkeys(("sparrow", "seagull", "gull", "swallow", "dove", "robin"), "bird"),
    **dict.fromkeys(("goldfish", "carp", "trout"), "fish"),
    **dict.fromkeys(("yacht", "dinghy", "vessel", "sailer"), "boat"),
    **dict.fromkeys(("hut", "cabin", "farmhouse", "villa", "chalet"), "house"),
    **dict.fromkeys(("lighthouse", "turret", "keep"), "tower"),
    **dict.fromkeys(("spruce", "conifer", "larch"), "pine"),
    **dict.fromkeys(("oak", "maple", "beech", "elm", "linden"), "tree"),
    **dict.fromkeys(("daisy", "tulip", "sunflower", "poppy", "lily"), "flower"),
    **dict.fromkeys(("pond", "lagoon", "tarn"), "lake"),
    **dict.fromkeys(("brook", "creek"), "stream"),
    **dict.fromkeys(("trail", "track", "lane", "road", "walkway"), "path"),
    **dict.fromkeys(("shore", "coast", "seashore", "strand"), "beach"),
    **dict.fromkeys(("pasture", "lawn", "prairie"), "meadow"),
    **dict.fromkeys(("knoll", "hillside"), "hills"),
    **dict.fromkeys(("summit", "alps", "alpine"), "mountains"),
    **dict.fromkeys(("nightfall", "gloaming"), "dusk"),
    **dict.fromkeys(("daybreak", "sunup"), "dawn"),
    **dict.fromkeys(("shower", "drizzle", "downpour"), "rain"),
    **dict.fromkeys(("haze", "hazy", "misty"), "fog"),
    **dict.fromkeys(("overcast",), "cloudy"),
    **dict.fromkeys(("aquarelle", "watercolours", "watercolors"), "watercolour"),
    **dict.fromkeys(("crayon", "chalks", "pastels"), "pastel"),
    **dict.fromkeys(("pixelated", "8bit"), "pixel"),
    **dict.fromkeys(("navy", "cobalt", "ultramarine"), "blue"),
    **dict.fromkeys(("lilac", "lavender", "mauve"), "purple"),
    **dict.fromkeys(("maroon", "ruby", "vermilion"), "red"),
    **dict.fromkeys(("lime", "olive"), "green"),
    **dict.fromkeys(("magenta", "salmon"), "pink"),
    **dict.fromkeys(("cyan", "aqua"), "turquoise"),
    **dict.fromkeys(("amber", "tangerine"), "orange"),
    **dict.fromkeys(("lemon", "gold"), "yellow"),
    **dict.fromkeys(("tan", "chestnut", "umber"), "brown"),
    **dict.fromkeys(("ivory"), "white"),
    **dict.fromkeys(("silver", "ash"), "grey"),
    **dict.fromkeys(("ebony", "jet"), "black"),
    **dict.fromkeys(("miniature", "minuscule", "wee"), "tiny"),
    **dict.fromkeys(("enormous", "gigantic", "massive"), "huge"),
}
OFFERED = ("a red circle on a blue background", "a full moon over the sea at night", "a sunset")
_MOST = 6


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words a model has learned."""

    words: frozenset[str]

    @classmethod
    def read(cls, folder: Path) -> Vocabulary:
        """Return the vocabulary of a model's folder, without loading any weights."""
        path = folder / "tokenizer" / "tokenizer.json"
        try:
            told = json.loads(path.read_text("utf-8"))
            words = frozenset(told["model"]["vocab"]) - frozenset(SPECIAL)
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(
                f"{path} cannot be read ({error}): install the model again."
            ) from error
        return cls(words)

    def _forms(self, prompt: str) -> Iterator[tuple[str, str | None]]:
        """Yield every word as written and as the model knows it, None where it does not."""
        for word in _PIECES.findall(unicodedata.normalize("NFKC", prompt)):
            low = word.lower()
            stem = low.removesuffix("s")
            forms = (low, stem, low + "s", SYNONYMS.get(low, ""), SYNONYMS.get(stem, ""))
            known = next((form for form in forms if form in self.words), None)
            if known is not None or word not in string.punctuation:
                yield word, known

    def known(self, prompt: str) -> str:
        """Return the prompt with only the words that the model knows."""
        return " ".join(known for _, known in self._forms(prompt) if known is not None)

    def understand(self, prompt: str) -> Understanding:
        """Say which words are unknown and which known ones look like them."""
        forms = list(self._forms(prompt))
        unknown = tuple(dict.fromkeys(word for word, known in forms if known is None))
        asks = any(known is not None and known not in GLUE and known != "," for _, known in forms)
        nothing = bool(unknown) and not asks
        return Understanding(unknown, self._suggestions(unknown, nothing), nothing)

    def _suggestions(self, unknown: tuple[str, ...], nothing: bool) -> tuple[str, ...]:
        candidates = sorted(self.words - GLUE)
        near = [
            match
            for word in unknown
            for match in difflib.get_close_matches(word.lower(), candidates, n=2, cutoff=0.6)
        ]
        found = tuple(dict.fromkeys(near))[:_MOST]
        return found or (OFFERED if nothing else ())
