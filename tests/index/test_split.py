"""Passages: exact offsets, crumbs joined, giants cut where a reader would, ids that stay."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.split import split
from index.types import Article, Passage, Provenance, Span

LONG = "تسعى دول آسيا الوسطى إلى توسيع تعاونها مع الولايات المتحدة في مجال المعادن النادرة."
ALSO_LONG = "The countries of Central Asia want to trade more with the United States, above all in minerals."


def count_words(texts: Sequence[str]) -> list[int]:
    """Two special tokens and a token for every eight letters of a word, begun."""
    return [2 + sum(-(-len(word) // 8) for word in text.split()) for text in texts]


def article(*paragraphs: str, headings: Sequence[str] = ()) -> Article:
    text = "\n\n".join(paragraphs)
    spans = tuple(Span(text.index(heading), text.index(heading) + len(heading)) for heading in headings)
    return Article("a" * 16, Provenance("a.txt", "0" * 64, "title", "ar"), text, spans)


def texts(made: Article, max_tokens: int = 100) -> list[str]:
    return [passage.text for passage in split(made, count_words, max_tokens)]


def test_paragraphs_are_passages_with_exact_offsets() -> None:
    made = article(LONG, ALSO_LONG)
    first, second = split(made, count_words, 100)
    assert first == Passage(first.id, made.id, 1, 0, len(LONG), LONG, "ar")
    assert (second.paragraph, second.start, second.lang) == (2, len(LONG) + 2, "en")
    assert made.text[second.start : second.end] == second.text == ALSO_LONG


def test_headings_are_no_passages_but_name_those_under_them() -> None:
    made = article(LONG, "رهان آسيا الوسطى", ALSO_LONG, LONG, headings=["رهان آسيا الوسطى"])
    passages = split(made, count_words, 100)
    assert [(p.paragraph, p.heading) for p in passages] == [
        (1, None),
        (2, "رهان آسيا الوسطى"),
        (3, "رهان آسيا الوسطى"),
    ]


def test_a_heading_with_nothing_under_it_is_not_lost() -> None:
    made = article(LONG, "خاتمة", headings=["خاتمة"])
    assert texts(made) == [LONG, "خاتمة"]


def test_a_blank_text_has_no_passages() -> None:
    assert texts(article("")) == []
    assert texts(article(" \n ")) == []


def test_crumbs_join_the_paragraph_before_under_the_same_heading() -> None:
    made = article(LONG, "- نعم.", "خاتمة", "- لا.", ALSO_LONG, headings=["خاتمة"])
    assert texts(made) == [f"{LONG}\n\n- نعم.", f"- لا.\n\n{ALSO_LONG}"]


def test_questions_and_openers_join_the_paragraph_after() -> None:
    made = article(LONG, "هل كان ذلك متوقعا؟", ALSO_LONG, "وقال الوزير:", LONG)
    assert texts(made) == [LONG, f"هل كان ذلك متوقعا؟\n\n{ALSO_LONG}", f"وقال الوزير:\n\n{LONG}"]


def test_a_giant_is_cut_at_its_sentence_ends() -> None:
    made = article(" ".join([LONG, ALSO_LONG, LONG, ALSO_LONG]))
    assert texts(made, 40) == [f"{LONG} {ALSO_LONG}", f"{LONG} {ALSO_LONG}"]


def test_a_giant_sentence_is_cut_at_a_clause_then_at_a_space_then_anywhere() -> None:
    assert texts(article("one two three four, five six seven eight"), 6) == [
        "one two three four,",
        "five six seven eight",
    ]
    assert texts(article("one two three four"), 4) == ["one two", "three four"]
    assert texts(article("س" * 32), 4) == ["س" * 16, "س" * 16]


def test_decimals_and_abbreviations_are_not_cut() -> None:
    text = "بلغت قيمتها نحو 57.1 مليار دولار وفق د. محمد. وأضاف أن الرقم سيرتفع قريبا جدا."
    assert texts(article(text), 14) == [
        "بلغت قيمتها نحو 57.1 مليار دولار وفق د. محمد.",
        "وأضاف أن الرقم سيرتفع قريبا جدا.",
    ]


def test_a_passage_leaves_room_for_its_heading_and_for_what_the_caller_prepends() -> None:
    heading = "one two three"
    made = article(heading, " ".join(["word"] * 40), headings=[heading])
    for passage in split(made, count_words, 30, room=5):
        assert count_words([f"{heading} {passage.text}"])[0] <= 25


def test_no_room_for_a_passage_is_refused() -> None:
    with pytest.raises(ValueError, match="max_tokens=8, room=8"):
        split(article(LONG), count_words, 8, room=8)


def test_the_same_text_at_another_place_keeps_its_id() -> None:
    before = split(article(LONG, ALSO_LONG), count_words, 100)
    after = split(article("مقدمة جديدة " * 8, LONG, ALSO_LONG), count_words, 100)
    assert [p.id for p in before] == [p.id for p in after][1:]
    assert all(len(p.id) == 16 and int(p.id, 16) >= 0 for p in after)


def test_equal_paragraphs_have_different_ids() -> None:
    first, second = split(article(LONG, LONG), count_words, 100)
    assert first.text == second.text
    assert first.id != second.id


PARAGRAPH = st.text("اب جد.؟! a:\n،", max_size=80)


@given(st.lists(PARAGRAPH, max_size=6), st.integers(4, 30))
def test_every_word_is_in_exactly_one_passage_that_fits(paragraphs: list[str], max_tokens: int) -> None:
    made = article(*paragraphs)
    passages = split(made, count_words, max_tokens)
    assert "".join("".join(p.text.split()) for p in passages) == "".join(made.text.split())
    for passage in passages:
        assert made.text[passage.start : passage.end] == passage.text == passage.text.strip() != ""
        assert count_words([passage.text])[0] <= max_tokens
    assert [p.paragraph for p in passages] == list(range(1, len(passages) + 1))
    assert len({p.id for p in passages}) == len(passages)
