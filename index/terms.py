"""A question → the terms that lexical search looks for: its words, their stems, translations and other spellings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from index.arabic import Word, fold, words
from index.names import is_arabic, is_latin, likeness, skeletons
from index.translation import Side, Translations
from index.types import Term

STEM_WEIGHT = 0.6
"""What another word of the same stem counts, where the word itself counts 1."""

ALIKE = {2: 0.92, 3: 0.84}
"""How alike a spelling must be by the number of its consonants (more than 3: as for 3): the shorter, the closer."""

SPELLINGS = 8
"""The most other spellings of one name that are looked for."""

SURE = 0.3
"""A word with a translation at least so probable is looked for by that, not by its sound."""

Spellings = Callable[[Sequence[str]], list[str]]
"""The words of the corpus that have one of these skeletons."""

_QUOTED = re.compile('"([^"]+)"')

_LISTED = """
a about after all also an and any are as at be been before but by can could did do does for from had has have he
her his how i if in into is it its many me more most much my no not of on or our over said say she so some tell
than that the their them then there these they this those to was we were what when where which while who whom
whose why will with would you your
في من علي عن الي ما ماذا هل كم متي اين كيف لماذا هو هي هم هذا هذه ذلك تلك هولاء التي الذي الذين ان كان كانت يكون
تكون او ثم مع بعد قبل بين عند كل بعض اي لم لن لا قد بها به له لها لهم فيه فيها منه منها عليه عليها كما حول خلال
منذ حتي لدي دون غير وهو وهي ولا وما وفي ومن وكان وقد وان فان لان بان ايضا و يا من اجل التى اذا لو
"""
_COMMON = frozenset(_LISTED.split())
"""Folded words that questions are made with, not about."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question asks lexical search for: terms, and exact phrases as folded words."""

    terms: tuple[Term, ...]
    phrases: tuple[tuple[str, ...], ...] = ()


def wanted(question: str, translations: Translations, spellings: Spellings) -> Wanted:
    """The terms of a question's words, without common words unless there are no others; what it quotes, as phrases."""
    asked = words(question)
    kept = [word for word in asked if word.text not in _COMMON] or list(asked)
    distinct = list({word.text: word for word in kept}.values())
    return Wanted(
        tuple(_term(word, translations, spellings) for word in distinct),
        tuple(phrase for quoted in _QUOTED.findall(fold(question).text) if (phrase := _phrase(quoted))),
    )


def _phrase(quoted: str) -> tuple[str, ...]:
    return tuple(word.text for word in words(quoted))


def _term(word: Word, translations: Translations, spellings: Spellings) -> Term:
    found, stems = {word.text: 1.0}, {word.stem: STEM_WEIGHT}
    side: Side | None = "ar" if is_arabic(word.text) else "en" if is_latin(word.text) else None
    if side:
        others = translations.of(word.text, side, "word")
        found |= others
        by_stem = translations.of(word.stem, side, "stem")
        stems |= by_stem
        if max([*others.values(), *by_stem.values()], default=0.0) < SURE:
            found |= dict(_spelled(word.text, spellings))
    return Term(found, stems)


def _spelled(word: str, spellings: Spellings) -> Iterator[tuple[str, float]]:
    """Words of the corpus in the other script that sound like this one, most alike first, with how alike they are."""
    looked_for = skeletons(word)
    if not looked_for:
        return
    least = ALIKE.get(len(looked_for[0]), ALIKE[3])
    arabic = is_arabic(word)
    others = (other for other in spellings(looked_for) if is_arabic(other) != arabic)
    alike = sorted(((_alike(word, other), other) for other in others), reverse=True)
    yield from ((other, score) for score, other in alike[:SPELLINGS] if score >= least)


def _alike(word: str, other: str) -> float:
    return likeness(other, word) if is_arabic(word) else likeness(word, other)
