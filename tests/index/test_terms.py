"""Questions become terms; the translation table is read, joined both ways and refused when damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.errors import EncoderError
from index.terms import STEM_WEIGHT, wanted
from index.translation import Translations
from index.types import Term


def blob(*terms: str) -> np.ndarray:
    return np.frombuffer("\n".join(terms).encode(), dtype=np.uint8)


def table(file: Path) -> Path:
    """summit is قمه with .8 and مؤتمر with .02; قمه is summit with 1 and peak with .4: words and stems alike."""
    level = {
        "en": blob("peak", "summit"),
        "ar": blob("قمه", "موتمر"),
        "en_ar_start": np.array([0, 0, 2], dtype=np.uint32),
        "en_ar_term": np.array([0, 1], dtype=np.uint16),
        "en_ar_p": np.array([204, 5], dtype=np.uint8),
        "ar_en_start": np.array([0, 2, 2], dtype=np.uint32),
        "ar_en_term": np.array([1, 0], dtype=np.uint16),
        "ar_en_p": np.array([255, 102], dtype=np.uint8),
    }
    np.savez_compressed(
        file, **{f"{name}_{part}": of for name in ("word", "stem") for part, of in level.items()}
    )
    return file


@pytest.fixture
def translations(tmp_path: Path) -> Translations:
    return Translations.load(table(tmp_path / "table.npz"))


def test_a_translation_counts_with_the_higher_of_both_directions(translations: Translations) -> None:
    assert translations.of("summit", "en", "word") == pytest.approx({"قمه": 1.0})
    assert translations.of("peak", "en", "stem") == pytest.approx({"قمه": 0.4})
    assert translations.of("قمه", "ar", "word") == pytest.approx({"summit": 1.0, "peak": 0.4})


def test_unknown_words_have_none(translations: Translations, tmp_path: Path) -> None:
    assert translations.of("bread", "en", "word") == {}
    assert translations.of("موتمر", "ar", "word") == {}  # .02 is too little
    assert Translations.load(tmp_path / "none.npz").of("summit", "en", "word") == {}


def test_a_damaged_table_is_refused(tmp_path: Path) -> None:
    file = table(tmp_path / "table.npz")
    file.write_bytes(file.read_bytes()[:400])
    with pytest.raises(EncoderError, match="is no translation table"):
        Translations.load(file)


def terms(question: str, translations: Translations | None = None, *corpus: str) -> tuple[Term, ...]:
    return wanted(question, translations or Translations({}), lambda _: list(corpus)).terms


def test_a_word_is_looked_for_as_itself_and_by_its_stem() -> None:
    assert terms("Jets?") == (Term({"jets": 1.0}, {"jet": STEM_WEIGHT}),)


def test_common_words_are_left_out_unless_there_is_nothing_else() -> None:
    assert [list(term.words) for term in terms("What did the ministers say about water?")] == [
        ["ministers"],
        ["water"],
    ]
    assert [list(term.words) for term in terms("ما هي عاصمة كازاخستان")] == [["عاصمه"], ["كازاخستان"]]
    assert [list(term.words) for term in terms("who is who")] == [["who"], ["is"]]


def test_a_word_asked_twice_counts_once() -> None:
    assert len(terms("water, Water and water")) == 1


def test_translations_are_added_with_their_weights(translations: Translations) -> None:
    (term,) = terms("summit", translations)
    assert term.words == pytest.approx({"summit": 1.0, "قمه": 1.0})
    assert term.stems == pytest.approx({"summit": STEM_WEIGHT, "قمه": 1.0})


def test_names_without_translation_are_looked_for_by_sound() -> None:
    (term,) = terms("Tokayev", None, "توكاييف", "وتوكاييف", "تكيف", "tokayev")
    assert term.words == pytest.approx({"tokayev": 1.0, "توكاييف": 0.9125, "وتوكاييف": 0.9125})
    (term,) = terms("توكاييف", None, "tokayev", "taken")
    assert term.words == pytest.approx({"توكاييف": 1.0, "tokayev": 0.9125})


def test_a_word_that_is_translated_is_not_looked_for_by_sound(translations: Translations) -> None:
    (term,) = terms("summit", translations, "سمت")
    assert "سمت" not in term.words


def test_numbers_are_only_themselves() -> None:
    assert terms("٢٠٢٥") == (Term({"2025": 1.0}, {"2025": STEM_WEIGHT}),)


def test_what_is_quoted_is_a_phrase() -> None:
    asked = wanted('who said «القمة العربية» and "Rare Earths"?', Translations({}), lambda _: [])
    assert asked.phrases == (("القمه", "العربيه"), ("rare", "earths"))


def test_the_shipped_table_knows_news_words() -> None:
    shipped = Translations.load()
    assert shipped.of("summit", "en", "stem")["قمه"] > 0.5
    assert "زلزال" in shipped.of("earthquak", "en", "stem")
