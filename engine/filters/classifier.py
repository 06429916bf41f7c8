"""A second reader of prompts: any text classifier of transformers' whose folder is named.

`[options.filters.classifier] path = "FOLDER"`, and what its labels mean:
`[options.filters.classifier.labels] toxic = "hate"`. A label's probability is the score; those
with several labels at once (`problem_type` multi-label) are read as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ModelError, PluginError
from engine.hookspecs import Options, hookimpl
from engine.policies import CATEGORIES, Policy, policy_of, section

if TYPE_CHECKING:
    from engine.verdicts import Verdict

_NOT_READ = (OSError, ValueError, KeyError, TypeError, RuntimeError)


class TextClassifier:
    """Classifies every prompt; loaded with the first one, on the CPU."""

    def __init__(self, policy: Policy, folder: Path, labels: Mapping[str, str]) -> None:
        self._policy, self._folder, self._labels = policy, folder, labels
        self._network: Any = None
        self._tokenizer: Any = None

    @hookimpl
    def mahlstick_check_prompt(self, prompt: str) -> list[Verdict]:
        """Return a verdict a label that is sure enough for the policy."""
        if not prompt.strip():
            return []
        verdicts = [
            self._policy.on_words(
                category,
                score,
                f"The prompt reads as {category.replace('_', ' ')} ({label}, by a classifier, "
                f"{score:.0%} sure). Say it in other words.",
            )
            for label, score in self.scores(prompt).items()
            if (category := self._labels.get(label.casefold())) is not None
            and score >= self._policy.sure
        ]
        return [verdict for verdict in verdicts if verdict is not None]

    def scores(self, prompt: str) -> dict[str, float]:
        """Return the probability of every label of the classifier."""
        import torch

        if self._network is None:
            self._network, self._tokenizer = _read(self._folder, self._labels)
        config = self._network.config
        longest = getattr(config, "max_position_embeddings", 512)
        # Some positions are the tokenizer's own: as many as transformers' models keep back.
        given = self._tokenizer(
            prompt, truncation=True, max_length=max(4, longest - 4), return_tensors="pt"
        )
        with torch.inference_mode():
            logits = self._network(**given).logits[0]
        several = config.problem_type == "multi_label_classification"
        shares = logits.sigmoid() if several else logits.softmax(-1)
        return {str(config.id2label[index]): share for index, share in enumerate(shares.tolist())}


def _read(folder: Path, labels: Mapping[str, str]) -> tuple[Any, Any]:
    """Return network and tokenizer of a folder; ModelError where there are none."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from engine.weights import check_weights

    try:
        check_weights(folder)
        network = AutoModelForSequenceClassification.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except _NOT_READ as error:
        raise ModelError(
            f"The text classifier in {folder} cannot be read ({error}). Name a folder with one in "
            "transformers' format, its weights in safetensors, in [options.filters.classifier]."
        ) from error
    own = {str(label).casefold() for label in network.config.id2label.values()}
    if not own & set(labels):
        raise PluginError(
            f"The classifier in {folder} has the labels {', '.join(sorted(own))}, and "
            "[options.filters.classifier.labels] names none of them."
        )
    return network.eval().requires_grad_(False), tokenizer


@hookimpl
def mahlstick_plugins(options: Options) -> Sequence[object]:
    """Register the classifier, if its folder is named."""
    told = section(options, "classifier")
    if told is None:
        return []
    labels = {str(name).casefold(): kind for name, kind in told.get("labels", {}).items()}
    if "path" not in told or not labels or not set(labels.values()) <= set(CATEGORIES):
        raise PluginError(
            "The section options.filters.classifier needs a path, the folder of a text classifier, "
            f"and labels, what its labels stand for: {', '.join(CATEGORIES)}."
        )
    return [TextClassifier(policy_of(options), Path(str(told["path"])).expanduser(), labels)]
