"""Marks and blocks: nothing of a text is lost or doubled."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from service.blocks import blocks
from service.marks import pieces
from service.schemas import Mark
from tests.service.conftest import SUMMIT

marks = st.builds(Mark, start=st.integers(0, 30), end=st.integers(0, 30))


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=20), st.lists(marks, max_size=5))
def test_pieces_join_to_the_text(text: str, spans: list[Mark]) -> None:
    found = pieces(text, spans)
    assert "".join(piece for piece, _ in found) == text
    depths = [depth for piece, depth in found for _ in piece]
    assert depths == [min(sum(s.start <= at < s.end for s in spans), 2) for at in range(len(text))]
    assert all(before[1] != after[1] for before, after in pairwise(found))


def test_marks_count_code_points() -> None:
    assert pieces("😀ab", [Mark(start=1, end=2)]) == [("😀", 0), ("a", 1), ("b", 0)]


def test_a_word_stands_out_in_its_sentence() -> None:
    marked = pieces("one two. three", [Mark(start=0, end=8), Mark(start=4, end=7)])
    assert marked == [("one ", 1), ("two", 2), (".", 1), (" three", 0)]


def test_blocks_are_the_whole_article() -> None:
    found = list(blocks(SUMMIT.article, SUMMIT.passages))
    assert [(block.is_heading, block.paragraph) for block in found] == [(False, 1), (True, None), (False, 2)]
    assert "\n\n".join(block.text for block in found) == SUMMIT.article.text


def test_text_of_no_passage_is_shown_too() -> None:
    found = list(blocks(SUMMIT.article, ()))
    assert "".join("".join(block.text.split()) for block in found) == "".join(SUMMIT.article.text.split())
