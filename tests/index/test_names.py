"""Names in Latin and Arabic letters share a skeleton and sound alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.arabic import fold
from index.names import likeness, skeleton, skeletons

SAME = [
    ("Tokayev", "توكاييف"),
    ("Mirziyoyev", "ميرضيائيف"),
    ("Mirziyoyev", "ميرزيوييف"),
    ("Kazakhstan", "كازاخستان"),
    ("Trump", "ترامب"),
    ("Boeing", "بوينغ"),
    ("Shanghai", "شانغهاي"),
    ("Gorbachev", "غورباتشوف"),
    ("Bozilovic", "بوزيلوفيتش"),
    ("Mustafina", "مصطفينا"),
    ("Ashkenazi", "اشكنازي"),
    ("Rasetti", "راسيتي"),
    ("al-Muttalib", "المطلب"),
]
APART = [("school", "سوق"), ("Berlin", "باريس"), ("Trump", "تركيا"), ("London", "لبنان"), ("water", "وزير")]


@pytest.mark.parametrize(("latin", "arabic"), SAME)
def test_spellings_of_a_name_are_found_and_sound_alike(latin: str, arabic: str) -> None:
    latin, arabic = fold(latin).text, fold(arabic).text
    assert skeleton(arabic) in skeletons(latin)
    assert skeleton(latin) in skeletons(arabic)
    assert likeness(latin, arabic) >= 0.84


@pytest.mark.parametrize(("latin", "arabic"), APART)
def test_other_words_do_not(latin: str, arabic: str) -> None:
    latin, arabic = fold(latin).text, fold(arabic).text
    assert skeleton(arabic) not in skeletons(latin) or likeness(latin, arabic) < 0.84


@pytest.mark.parametrize("clitic", ["و", "ب", "ل", "ف", "ك"])
def test_a_clitic_before_a_name_changes_nothing(clitic: str) -> None:
    assert skeleton(clitic + "توكاييف") in skeletons("tokayev")
    assert likeness("tokayev", clitic + "توكاييف") == likeness("tokayev", "توكاييف")


def test_one_consonant_is_no_name_to_look_for() -> None:
    assert skeletons("oui") == ()
    assert skeletons("ali") == ()
    assert skeletons("2025") == ()


def test_exact_values() -> None:
    assert skeleton("tokayev") == "TKF"
    assert skeleton("توكاييف") == "TKF"
    # TukaiieF for ToKaieF: o for u (0.1) and one i more (0.25), of a length of 3 consonants and 4 vowels.
    assert likeness("tokayev", "توكاييف") == pytest.approx(1 - 0.35 / 4)
    assert likeness("trump", "trump") == 1


@given(st.text(max_size=20), st.text(max_size=20))
def test_likeness_is_a_share(one: str, two: str) -> None:
    assert 0 <= likeness(fold(one).text, fold(two).text) <= 1
