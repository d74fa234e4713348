"""How rare a piece is: in how many texts it stands, not how often."""

from __future__ import annotations

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from training.rarity import held_by


def test_a_share_counts_texts_and_one_more_that_holds_all() -> None:
    tokenizer = Tokenizer(WordLevel({"water": 0, "law": 1, "jets": 2}, unk_token="law"))
    tokenizer.pre_tokenizer = Whitespace()
    shares = held_by(tokenizer, ["water water law", "water", "law water"])
    assert shares.tolist() == [4 / 4, 3 / 4, 1 / 4]
