"""One WordPiece vocabulary for both languages: the base model's Latin pieces and learnt ones beside them."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from training import data
from training.config import Config

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
SCRIPT = {"ar": re.compile(r"[\u0621-\u063a\u0641-\u06d3]+")}
DIGITS = {
    start: str(value) for first in (0x660, 0x6F0) for value, start in enumerate(range(first, first + 10))
}
LETTERS = {
    "\u0649": "\u064a", "\u06cc": "\u064a", "\u06d2": "\u064a",  # ى ی ے to ي
    "\u0629": "\u0647", "\u06c1": "\u0647", "\u06be": "\u0647", "\u06d5": "\u0647",  # ة and other h to ه
    "\u06a9": "\u0643", "\u0671": "\u0627",  # ک to ك, ٱ to ا
}  # fmt: skip
SIGNS = {
    "\u060c": ",",
    "\u061b": ";",
    "\u061f": "?",
    "\u066a": "%",
    "\u066b": ".",
    "\u066c": ",",
    "\u06d4": ".",
}
QUOTES = Regex("[\u00ab\u00bb\u201c\u201d\u201e]")
UNSEEN = Regex("[\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c\u00ad]")


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged tokenizer and, for each of its pieces, the base model's row or -1 for a new piece."""

    tokenizer: Tokenizer
    base_rows: list[int]


def folding() -> normalizers.Normalizer:
    """The folding of every text before it is cut: Unicode and BERT forms, then Arabic letters and digits.

    NFKC (presentation forms), tatweel and unseen direction marks out, BERT's lower case and accents off
    (which takes tashkeel and hamza carriers: NFD splits them), then one form of each letter, digit, sign.
    """
    replaced = {chr(k): v for k, v in DIGITS.items()} | LETTERS | SIGNS
    return normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(UNSEEN, ""),
            normalizers.BertNormalizer(
                clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True
            ),
            *(normalizers.Replace(old, new) for old, new in replaced.items()),
            normalizers.Replace(QUOTES, '"'),
        ]
    )


def base_vocabulary(folder: Path) -> list[str]:
    """The base model's pieces in row order."""
    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab(with_added_tokens=True)
    return sorted(vocabulary, key=lambda piece: vocabulary[piece])


def is_latin(piece: str) -> bool:
    """Whether a piece is worth keeping: Latin letters, digits, and signs of no other script."""
    if piece.startswith("[unused"):
        return False
    return all(
        not c.isalpha() or c.isascii() or unicodedata.name(c, "").startswith("LATIN")
        for c in piece.removeprefix("##")
    )


def learn_pieces(texts: Iterable[str], config: Config) -> list[str]:
    """WordPiece pieces of the added language's script, learnt on folded texts; letters first."""
    script, normalizer = SCRIPT[config.added], folding()
    words = (" ".join(script.findall(normalizer.normalize_str(text))) for text in texts)
    learner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    learner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordPieceTrainer(
        vocab_size=config.vocabulary.pieces,
        limit_alphabet=config.vocabulary.alphabet,
        special_tokens=[],
        show_progress=False,
    )
    learner.train_from_iterator(words, trainer)
    learnt = learner.get_vocab()
    letters = {p.removeprefix("##") for p in learnt if len(p.removeprefix("##")) == 1}
    pieces = set(learnt) | letters | {"##" + letter for letter in letters}
    return sorted(
        pieces, key=lambda p: (len(p.removeprefix("##")) > 1, p)
    )  # the learner's order is not fixed


def training_texts(config: Config) -> Iterator[str]:
    """Texts of the added language: all news, written passages, pairs and names, and some encyclopaedia."""
    articles = data.articles(config)
    encyclopaedia = [p for a in articles if a.source.startswith("wiki:") for p in a.paragraphs]
    for article in articles:
        yield article.title
        if article.source.startswith("ant:"):
            yield from article.paragraphs
    yield from sorted(encyclopaedia, key=data.order)[: config.vocabulary.corpus_lines]
    yield from (pair.added for pair in data.sentence_pairs(config) + data.name_pairs(config))


def build(pieces: list[str], lower_cased_words: int = 100) -> Tokenizer:
    """A tokenizer over the given pieces with the folding, [CLS] … [SEP] and no padding or truncation."""
    vocabulary = {piece: row for row, piece in enumerate(pieces)}
    model = models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=lower_cased_words)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = folding()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=ends
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def limited(tokenizer: Tokenizer, letters: int) -> Tokenizer:
    """The same tokenizer with no word piece longer than `letters`; ids stay the same."""
    state = json.loads(tokenizer.to_str())
    added = {token["content"] for token in state["added_tokens"]}
    state["model"]["vocab"] = {
        piece: row
        for piece, row in state["model"]["vocab"].items()
        if piece in added or len(piece.removeprefix("##")) <= letters
    }
    return Tokenizer.from_str(json.dumps(state))


def make_vocabulary(config: Config, folder: Path) -> None:
    """Fills a folder with tokenizer.json and base_rows.json."""
    base = base_vocabulary(config.base_folder())
    rows = {piece: row for row, piece in enumerate(base)}
    kept = [p for p in base if p not in SPECIAL and is_latin(p)]
    learnt = [p for p in learn_pieces(training_texts(config), config) if p not in set(kept)]
    pieces = [*SPECIAL, *kept, *learnt]
    build(pieces).save(str(folder / "tokenizer.json"))
    (folder / "base_rows.json").write_text(json.dumps([rows.get(piece, -1) for piece in pieces]))


def read_vocabulary(folder: Path) -> Merged:
    """The result of a finished stage."""
    rows: Any = json.loads((folder / "base_rows.json").read_text())
    return Merged(Tokenizer.from_file(str(folder / "tokenizer.json")), rows)
