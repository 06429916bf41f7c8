"""The filter of prompts: lists of words in five languages, what they mean together, names.

Everything it knows stands in `lists/`; this module turns findings into verdicts, by the policy.
The lists are read with the first prompt.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.filters.words.reader import Reader
from engine.filters.words.rules import Finding
from engine.hookspecs import Options, hookimpl
from engine.policies import Policy, policy_of
from engine.verdicts import Verdict

_NAMES = {
    "violence": "violence",
    "sexual": "sexual content",
    "hate": "hate",
    "self_harm": "self-harm",
    "political_figures": "a political figure",
    "real_people": "a real person's name",
    "minors": "children together with sexual content",
}
_QUOTED = 4  # words quoted in a sentence


class WordFilter:
    """Reads every prompt with the lists."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._reader: Reader | None = None

    @hookimpl
    def mahlstick_check_prompt(self, prompt: str) -> list[Verdict]:
        """Return a verdict a category that is found and that the policy cares about."""
        if self._reader is None:
            self._reader = Reader.read()
        verdicts = [
            self._policy.on_words(found.category, found.score, self._sentence(found))
            for found in self._reader.findings(prompt)
        ]
        return [verdict for verdict in verdicts if verdict is not None]

    def _sentence(self, found: Finding) -> str:
        quoted = ", ".join(f"“{word}”" for word in found.words[:_QUOTED])
        advice = self._reader.advice(found.category) if self._reader else ""
        return f"The prompt reads as {_NAMES[found.category]} ({quoted}). {advice}".rstrip()


@hookimpl
def mahlstick_plugins(options: Options) -> Sequence[object]:
    """Register the filter, with what the policy does about words."""
    return [WordFilter(policy_of(options))]
