"""The encoder's vocabulary: the segmenter's words, and every common character to fall back on.

WordPiece without a continuation prefix: a word outside the vocabulary is read as its longest known parts, and a part is
the same entry as the word of that spelling, so nothing is learnt twice.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, processors

from pipeline.errors import ModelError
from pipeline.text.fold import PLACEHOLDERS

__all__ = ["CLS", "MASK", "PAD", "SEP", "UNK", "choose_entries", "entry_id", "make_tokenizer", "save_tokenizer"]

PAD, UNK, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIALS = (PAD, UNK, CLS, SEP, MASK)
_LONGEST_WORD = 12
_SHAPES = tuple("0" * length for length in range(1, 9))


def choose_entries(words: Counter[str], size: int = 24_000, rarest_character: int = 20) -> list[str]:
    """Choose the vocabulary from weighted word counts.

    Parameters
    ----------
    words : Counter
        Counts of the segmenter's words over the corpus.
    size : int
        Number of entries, specials included.
    rarest_character : int
        Characters seen at least so often are entries whatever words take.

    Returns
    -------
    list of str
        Specials, placeholders, letters, numbers of one and two digits, number shapes, characters, then words by count.
    """
    characters: Counter[str] = Counter()
    for word, count in words.items():
        if word not in PLACEHOLDERS:
            for character in word:
                characters[character] += count
    entries = dict.fromkeys([*SPECIALS, *PLACEHOLDERS, *string.ascii_lowercase, *string.digits, *_SHAPES])
    entries.update(dict.fromkeys(f"{number:02d}" for number in range(100)))
    entries.update(dict.fromkeys(str(number) for number in range(100)))
    common = [character for character, count in characters.most_common() if count >= rarest_character]
    entries.update(dict.fromkeys(common))
    for word, _ in words.most_common():
        if len(entries) >= size:
            break
        if len(word) <= _LONGEST_WORD:
            entries.setdefault(word)
    return list(entries)[:size]


def entry_id(tokenizer: Tokenizer, entry: str) -> int:
    """Return the id of an entry that must be there.

    Raises
    ------
    ModelError
        If the vocabulary lacks it.
    """
    number = tokenizer.token_to_id(entry)
    if number is None:
        raise ModelError(f"分词表里没有 {entry}", remedy="重新建立分词表")
    return int(number)


def make_tokenizer(entries: Iterable[str]) -> Tokenizer:
    """Return a tokenizer over words that are already split by white space."""
    ids = {entry: number for number, entry in enumerate(entries)}
    tokenizer = Tokenizer(
        models.WordPiece(ids, unk_token=UNK, continuing_subword_prefix="", max_input_chars_per_word=64)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}",
        pair=f"{CLS} $A {SEP} $B:1 {SEP}:1",
        special_tokens=[(CLS, ids[CLS]), (SEP, ids[SEP])],
    )
    tokenizer.add_special_tokens([*SPECIALS, *PLACEHOLDERS])
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write ``tokenizer.json`` and the settings by which ``AutoTokenizer`` loads it."""
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415 - heavy, and only needed here

    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        unk_token=UNK,
        cls_token=CLS,
        sep_token=SEP,
        mask_token=MASK,
        model_max_length=512,
    ).save_pretrained(folder)
