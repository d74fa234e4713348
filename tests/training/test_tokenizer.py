"""The folding that the tokenizer carries."""

from __future__ import annotations

import pytest

from training.vocabulary import build, folding, is_latin


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("أحمد إلى آخر", "احمد الي اخر"),
        ("مُحَمَّدٌ", "محمد"),
        ("العــــربية", "العربيه"),
        ("٢٠٢٥", "2025"),
        ("۱۳۹۸", "1398"),
        ("کتابی", "كتابي"),
        ("ﻻ ﷲ", "لا الله"),
        ("مسؤول شائعة", "مسوول شايعه"),
        ("\u200fهنا\u200e \u202bهناك\u202c", "هنا هناك"),
        ("«نعم»؟", '"نعم"?'),
        ("٣٫٥٪", "3.5%"),
        ("Żółć Café", "zołc cafe"),
    ],
)
def test_spellings_of_one_word_fold_to_one(written: str, folded: str) -> None:
    assert folding().normalize_str(written) == folded


def test_composed_and_decomposed_letters_fold_alike() -> None:
    assert folding().normalize_str("\u0622") == folding().normalize_str("\u0627\u0653") == "\u0627"


def test_folding_twice_changes_nothing() -> None:
    once = folding().normalize_str("إنَّ «الرئيسَ» زار ١٢ مدينةً في ۲۰۲۴ـ")
    assert folding().normalize_str(once) == once


def test_a_built_tokenizer_adds_the_ends_and_cuts_words_into_pieces() -> None:
    tokenizer = build(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "قمه", "ال", "##قمه", "summit", "##s"])
    assert tokenizer.encode("القمّة summits").tokens == ["[CLS]", "ال", "##قمه", "summit", "##s", "[SEP]"]


def test_only_latin_pieces_of_the_base_are_kept() -> None:
    pieces = ["the", "##ing", "é", "2025", "!", "[unused7]", "中", "##я", "א"]
    assert [p for p in pieces if is_latin(p)] == ["the", "##ing", "é", "2025", "!"]
