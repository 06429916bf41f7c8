"""The embedded model's tokenizer: one token a word, from a closed vocabulary that is a file.

Words outside the vocabulary are never guessed at: the family reports them and leaves them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, BOS, UNKNOWN, EOS = "<pad>", "<bos>", "<unk>", "<eos>"
SPECIAL = (PAD, BOS, UNKNOWN, EOS)  # ids 0 to 3
LENGTH = 32  # tokens of a prompt, ends included; longer prompts lose their tail
VOCABULARY = Path(__file__).with_name("vocabulary.txt")


def read_vocabulary(path: Path = VOCABULARY) -> tuple[str, ...]:
    """Return the words of a vocabulary file, one a line."""
    return tuple(path.read_text("utf-8").split())


def new_tokenizer(words: Sequence[str]) -> PreTrainedTokenizerFast:
    """Return a tokenizer for these words, in the format transformers loads from a folder."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    ids = {word: number for number, word in enumerate((*SPECIAL, *words))}
    backend = Tokenizer(models.WordLevel(ids, unk_token=UNKNOWN))
    backend.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A {EOS}", special_tokens=[(BOS, ids[BOS]), (EOS, ids[EOS])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=PAD,
        bos_token=BOS,
        unk_token=UNKNOWN,
        eos_token=EOS,
        model_max_length=LENGTH,
    )
