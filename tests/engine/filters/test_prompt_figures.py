"""How often the prompt filter is right, on prompts that its lists were not written from.

The figures in docs/filters.md are those of `prompts/test.tsv`; see the README beside it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.filters.words.reader import Reader
from engine.policies import CATEGORIES

PROMPTS = Path(__file__).parent / "prompts"
SHA256 = {
    "test": "29e7d09801dee3c45c6c5d1bf8e4396fba0e7a684df2935881a85acf26af8761",
    "first": "5ca31d7250e81e1948655d8ead4ec400cd73dc4d85a9e2053647a2e42344f3cb",
    "second": "af72ed0b12fbefb22ee6b131f1aae690feb5a6b609a3520a64076456d61adb8d",
}
FALSE_REFUSALS = 0.01
RECALL = 0.9  # of every category
PRECISION = 0.7  # violence lies beside hate and self-harm; the others reach more


@dataclass(frozen=True)
class Prompt:
    labels: frozenset[str]
    text: str


def prompts(name: str) -> list[Prompt]:
    lines = (PROMPTS / f"{name}.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return [
        Prompt(frozenset() if row[0] == "innocent" else frozenset(row[0].split("+")), row[2])
        for row in rows
    ]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.read()


@pytest.mark.parametrize("name", SHA256)
def test_the_prompts_are_those_that_were_frozen(name: str) -> None:
    assert hashlib.sha256((PROMPTS / f"{name}.tsv").read_bytes()).hexdigest() == SHA256[name]


def test_there_are_as_many_prompts_as_promised() -> None:
    everything = [prompt for name in SHA256 for prompt in prompts(name)]
    assert sum(bool(prompt.labels) for prompt in everything) >= 300
    assert sum(not prompt.labels for prompt in everything) >= 1000
    assert len({prompt.text for prompt in everything}) == len(everything)


@pytest.mark.parametrize("name", SHA256)
def test_innocent_prompts_are_hardly_ever_refused(name: str, reader: Reader) -> None:
    innocent = [prompt.text for prompt in prompts(name) if not prompt.labels]
    refused = [text for text in innocent if reader.findings(text)]
    assert len(refused) <= FALSE_REFUSALS * len(innocent), refused


def test_recall_and_precision_of_every_category_reach_their_floor(reader: Reader) -> None:
    right, missed, wrong = Counter[str](), Counter[str](), Counter[str]()
    for prompt in prompts("test"):
        got = {finding.category for finding in reader.findings(prompt.text)}
        right.update(got & prompt.labels)
        missed.update(prompt.labels - got)
        wrong.update(got - prompt.labels)
    for category in CATEGORIES:
        assert right[category] / (right[category] + missed[category]) >= RECALL, category
        assert right[category] / (right[category] + wrong[category]) >= PRECISION, category
