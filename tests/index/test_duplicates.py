"""Which passages say the same, and which only nearly: one changed number or name, and each stands for itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.duplicates import BANDS, bands, near, says, telling

BODY = "قال الوزير أحمد علي إن الحكومة ستبني ثلاثة سدود في الجنوب بكلفة 1,500 مليون دينار قبل عام 2027."
MORE = "وأضاف أن العمل يبدأ في الربيع."
ENGLISH = "The minister said on Tuesday that 12 dams would be built in the south at a cost of $1.5 billion."


def same(one: str, other: str) -> bool:
    return telling(one).digest == telling(other).digest


@pytest.mark.parametrize(
    "copy",
    [
        BODY,
        f"القاهرة (رويترز) - {BODY}",
        f"دبي - أ ف ب - {BODY}",
        f"دبي – فرانس برس: {BODY}",
        f"عواصم/وكالات/ {BODY}",
        f"وكالة الأنباء السعودية: {BODY}",
        f"كتب: محمد حسن - {BODY}",
        f"{BODY} (رويترز)",
        f"{BODY[:-1]} - أ.ف.ب",
        f"بغداد (رويترز وأ ف ب) - {BODY} (الأناضول)",
        BODY.replace("أ", "ا").replace("ي ", "ى ").replace(",", ""),
        BODY.replace("1,500", "١٬٥٠٠").replace("2027", "٢٠٢٧"),
        BODY.replace("قال", "قَالَ").replace("الوزير", "الوزيـر").replace("علي", "«علي»"),
    ],
)
def test_a_copy_by_another_agency_or_in_another_spelling_says_the_same(copy: str) -> None:
    assert same(BODY, copy)


@pytest.mark.parametrize(
    "copy",
    [
        f"CAIRO, Sept 3 (Reuters) - {ENGLISH}",
        f"WASHINGTON (AP) — {ENGLISH}",
        f"{ENGLISH} (Reuters)",
        ENGLISH.upper().replace("$", "$ "),
    ],
)
def test_english_copies_too(copy: str) -> None:
    assert same(ENGLISH, copy)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1,500", "1,600"),
        ("1,500", "-1,500"),
        ("2027", "2026"),
        ("ثلاثة", "أربعة"),
        ("أحمد", "محمد"),
        ("الجنوب", "الشمال"),
        ("ستبني", "لن تبني"),
        ("الوزير", "نائب الوزير"),
        ("الوزير", "الوزير السابق"),
        ("مليون", "مليار"),
        ("قال", "نفى"),
        ("في الجنوب ", ""),
    ],
)
def test_one_other_word_is_another_statement(old: str, new: str) -> None:
    other = BODY.replace(old, new, 1)
    assert other != BODY
    assert not same(BODY, other)
    assert not near(telling(BODY), telling(other))
    assert not near(telling(f"{BODY} {MORE}"), telling(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It rose by 5%", "It rose by 5"),
        ("It rose by 5%", "It rose by -5%"),
        ("It cost $5", "It cost €5"),
        ("It was < 5 degrees", "It was > 5 degrees"),
        ("بلغت و5%", "بلغت و5"),
        ("ترامب: سنفوز", "بايدن: سنفوز"),
        ("السعودية: سنرد", "قطر: سنرد"),
        ("لندن - سنفوز", "باريس - سنفوز"),
        ("وأكد الوزير (أحمد) - وهو طبيب - ذلك", "وأكد الوزير (محمد) - وهو طبيب - ذلك"),
        ("كتب ترامب على تويتر: سنفوز", "كتب بايدن على تويتر: سنفوز"),
        ("قال إن الشركة هي (بوينغ)", "قال إن الشركة هي (إيرباص)"),
        ("تحدث بلغته (الفرنسية)", "تحدث بلغته (الألمانية)"),
        ("***", "???"),
    ],
)
def test_signs_and_speakers_are_part_of_what_is_said(one: str, other: str) -> None:
    assert not same(one, other)


def test_signs_are_read_before_and_after_a_number() -> None:
    assert telling("بلغ ٪٥ و 5% و$1,500 في 2020-2021 أو -3").words == (
        *("بلغ", "5%", "و", "5%", "و", "1500$", "في", "2020", "2021", "او", "-3"),
    )


@pytest.mark.parametrize(
    "longer", [f"{BODY} {MORE}", f"{MORE} {BODY}", f"القاهرة (رويترز) - {BODY} {MORE} (أ ف ب)"]
)
def test_a_whole_sentence_may_be_added(longer: str) -> None:
    assert near(telling(longer), telling(BODY))
    assert near(telling(BODY), telling(longer))
    assert not same(BODY, longer)


def test_a_sentence_may_be_added_between_two() -> None:
    one, two = BODY, "ونفى المتحدث ذلك في بيان صدر يوم الأحد."
    assert near(telling(f"{one} {two}"), telling(f"{one} {MORE} {two}"))
    assert not near(telling(f"{one} {two}"), telling(f"{two} {MORE} {one}"))


def test_two_that_add_different_sentences_are_not_near() -> None:
    one, two = f"{BODY} قتل 5 أشخاص في الحادث.", f"{BODY} قتل 7 أشخاص في الحادث."
    assert near(telling(BODY), telling(one))
    assert near(telling(BODY), telling(two))
    assert not near(telling(one), telling(two))


def test_few_words_and_far_longer_passages_are_not_near() -> None:
    assert not near(telling("Water is scarce here."), telling("Water is scarce here. It is."))
    assert not near(telling(BODY), telling(f"{MORE} {BODY} {MORE}"))  # 18 words and 30
    assert not near(telling(BODY), telling(f"{BODY[:-1]} {MORE}"))  # no sentence ends before what is added


def test_a_passage_says_its_sentences() -> None:
    told = telling(f"القاهرة (رويترز) - {BODY} {MORE}")
    assert says(told, telling(MORE))
    assert says(told, telling(f"دبي - أ ف ب: {BODY}"))
    assert not says(told, telling(ENGLISH))
    assert not says(telling(BODY), told)


def test_bands_never_change() -> None:
    assert bands(telling("too few words for any band")) == []
    assert bands(telling(ENGLISH)) == [
        *(1286162097, -1085661401, 1018720168, -1929074821, 1903308956),
        *(671306231, -1609527959, 2029908023, -1819325716, 1867599579),
    ]
    assert len({*bands(telling(BODY)), *bands(telling(f"{BODY} {MORE}"))}) < 2 * BANDS


@given(st.text(alphabet="اأبتة ًـ.:()-123$% \nab", max_size=80))
def test_any_text_has_a_content(text: str) -> None:
    told = telling(text)
    assert len(told.digest) == 16
    assert len(told.words) == len(told.starts)
    assert len(bands(told)) in (0, BANDS)
    assert says(told, told)
    assert near(told, told) == (len(told.words) >= 8)
