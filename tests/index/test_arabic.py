"""Folding, words, stems, sentences, language and direction."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.arabic import direction, fold, language, stem, words
from index.sentences import sentences
from index.types import Span

ARABIC = st.text(
    st.one_of(
        st.characters(min_codepoint=0x600, max_codepoint=0x6FF),
        st.sampled_from("ابتثجحخدذرزسشصضطظعغفقكلمنهوي ةىأإآؤئء\u064b\u0651\u0640\u200c\u200f\u0300.،؟ a1\n"),
        st.characters(min_codepoint=0xFB50, max_codepoint=0xFEFF),
    )
)
TEXTS = st.one_of(ARABIC, st.text())


def test_spellings_of_one_word_fold_alike() -> None:
    same = {
        "محمد": ["مُحَمَّد", "محـــمد", "محمد\u200f", "\u202bمحمد\u202c", "مح\u200cمد", "ﻣﺤﻤﺪ"],
        "اسيا": ["آسيا", "أسيا", "إسيا", "ٱسيا", unicodedata.normalize("NFD", "آسيا")],
        "مدرسه": ["مدرسة", "مَدْرَسَة", "مدرسه", "مدرسۀ"],
        "علي": ["على", "علي", "علی", "عَلَى"],
        "كتاب": ["کتاب", "ڪتاب", "كِتاب"],
        "لا": ["ﻻ", "لا", "لَا"],
        "2025": ["٢٠٢٥", "۲۰۲۵", "2025", "２０２５"],
        "cafe": ["Café", "CAFÉ", "cafe\u0301"],
        "strasse": ["Straße", "STRASSE"],
        "مسوول": ["مسؤول", "مسوول"],
    }
    for folded, spellings in same.items():
        assert {fold(spelling).text for spelling in spellings} == {folded}


def test_a_span_of_the_folded_text_leads_back_to_the_letters_with_their_marks() -> None:
    text = "قال مُحَمَّدٌ لآدم"
    folded = fold(text)
    assert folded.text == "قال محمد لادم"
    assert folded.offsets == (0, 1, 2, 3, 4, 6, 8, 11, 13, 14, 15, 16, 17, 18)
    span = folded.span(4, 8)
    assert span == Span(4, 13)
    assert text[span.start : span.end] == "مُحَمَّدٌ"
    assert folded.span(5, 5) == Span(6, 6)


def test_a_range_outside_the_folded_text_is_refused() -> None:
    with pytest.raises(ValueError, match="range 0:4 is not within a text of 3 code points"):
        fold("abc").span(0, 4)


def test_nothing_folds_to_nothing() -> None:
    assert fold("").text == ""
    assert fold("").offsets == (0,)
    assert fold("\u064b\u200f").text == ""
    assert words("  ، ") == ()


@given(TEXTS)
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once


@given(TEXTS)
def test_composed_and_decomposed_text_fold_alike(text: str) -> None:
    composed, decomposed = (fold(unicodedata.normalize(form, text)).text for form in ("NFC", "NFD"))
    assert fold(text).text == composed == decomposed


@given(TEXTS)
def test_every_folded_character_comes_from_its_original(text: str) -> None:
    folded = fold(text)
    assert len(folded.offsets) == len(folded.text) + 1
    assert len(folded.ends) == len(folded.text)
    assert folded.offsets[-1] == len(text)
    for i, char in enumerate(folded.text):
        span = folded.span(i, i + 1)
        assert 0 <= span.start < span.end <= len(text)
        assert char in fold(text[span.start : span.end]).text


@given(TEXTS)
def test_every_word_stands_where_its_span_says(text: str) -> None:
    ends = 0
    for word in words(text):
        assert word.span.start >= ends - 1  # two words may share one ligature
        ends = word.span.end
        assert word.text in fold(text[word.span.start : word.span.end]).text.replace(",", "").replace(
            ".", ""
        ) or ("." in word.text or "," in word.text)


def test_words_have_text_stem_and_place() -> None:
    text = "وبالقِمّةِ 1,500 of U.S. leaders، ٥٧٫١"
    assert [(word.text, word.stem, text[word.span.start : word.span.end]) for word in words(text)] == [
        ("وبالقمه", "قمه", "وبالقِمّةِ"),
        ("1500", "1500", "1,500"),
        ("of", "of", "of"),
        ("us", "us", "U.S."),
        ("leaders", "leader", "leaders"),
        ("57.1", "57.1", "٥٧٫١"),
    ]


SAME_STEM = """
قمة القمة بقمة للقمة وبالقمة والقمة فالقمة كالقمة
كازاخستان وكازاخستان لكازاخستان بكازاخستان فكازاخستان
سياسة سياستها سياسته السياسات بسياسات السياسي السياسية
اتفاقية اتفاقيات الاتفاقية باتفاقياتها
وزير الوزير لوزير ووزير بالوزير
لجنة اللجنة للجنة لجنتها باللجنة
بكين لبكين وبكين
فرنسا فرنسي الفرنسية لفرنسا
كوريا كوري الكورية
مسؤول المسؤولين مسؤولون مسئول المسئولين
شؤون شئون الشؤون
اهتمام اهتماما باهتمام الاهتمام
مهندس مهندسون المهندسين مهندسين
دولة دولتين للدولة الدولة بدولة
طاقة الطاقة للطاقة بالطاقة لطاقة
بيت بيته بيتها البيت
"""


@pytest.mark.parametrize("line", SAME_STEM.strip().split("\n"))
def test_forms_of_one_word_have_one_stem(line: str) -> None:
    assert len({words(form)[0].stem for form in line.split()}) == 1


DIFFERENT = """لجنة جنة|بطاقة طاقة|كمال مال|بعيد عيد|كامل أمل|بحيرة حيرة|كتاب تاب|وزير زير|فكرة كرة|بنية نية|لغات غات
وحدة حدة|كبير بير|علم عالم|كتب كاتب|قلم قالب|دين دان|بنك نك|كلمة لمة|بحرية حرية|فعلية عليه|فريد ريد|كوبا وبا"""


@pytest.mark.parametrize("pair", DIFFERENT.replace("\n", "|").split("|"))
def test_different_words_keep_different_stems(pair: str) -> None:
    first, second = (words(word)[0].stem for word in pair.split())
    assert first != second


@given(st.text("ابتجدرسعفقكلمنهوي", min_size=1, max_size=12))
def test_an_arabic_stem_is_part_of_its_word_and_keeps_three_letters(word: str) -> None:
    assert len(stem(word)) >= min(3, len(word))


def test_english_stems_are_snowballs() -> None:
    assert [stem(word) for word in ("running", "leaders", "trump's", "policies")] == [
        "run",
        "leader",
        "trump",
        "polici",
    ]


def test_language_and_direction_follow_the_script_of_most_letters() -> None:
    assert [
        language(text) for text in ("قمة C5+1 في واشنطن", "The word قمة means summit", "Саммит", "5+1", "")
    ] == [
        "ar",
        "en",
        "und",
        "und",
        "und",
    ]
    assert [
        direction(text) for text in ("قمة C5+1 في واشنطن", "The word قمة means summit", "שלום", "5+1", "")
    ] == [
        "rtl",
        "ltr",
        "rtl",
        "ltr",
        "ltr",
    ]


def split_up(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["Dr. Smith met U.S. President Trump.", "He said no.", "Then he left."],
        ['"Why?" he asked.', 'She said: "Because."', "They laughed."],
        ["It cost 57.1 million.", "That is approx. five each."],
        ["J. K. Rowling wrote it.", "She lives in the U.K.", "The book sold well."],
        ["He works at Mercer & Co. in New York.", "So does she."],
        ["1. Note the time.", "Then wait..."],
        ["See No. 5 on p. 12.", "Is that so?!", "Yes!"],
        ["Prices rose 1.8% at 4:12 p.m. on Tuesday.", "They fell [3] later.[4]", "Why?"],
        ["قال د. محمد إن الرقم 57.1 مليار دولار.", "وأضاف أ.د. علي أنه كاف."],
        ["انظر ص. 12 من الكتاب.", "هل قرأته؟", "نعم!"],
        ["من الثروات إلى التحالفات.. آسيا الوسطى تتطلع إلى محور.", "هذا كل شيء."],
        ["وقعت المعركة سنة 622 م.", "ثم عاد الجيش."],
        ["قال إنه «مستعد.»", "ثم سكت…", "ثم مضى."],
        ["انتهت المهلة.", "وقال الوزير إنها لن تمدد."],
        ["حدث بارز؛ إذ يعد اللقاء الأول.", "انتهى."],
    ],
)
def test_sentences_end_where_a_reader_ends_them(parts: list[str]) -> None:
    assert split_up(" ".join(parts)) == parts


def test_a_full_stop_without_a_space_still_ends_an_arabic_sentence() -> None:
    assert split_up("عاد إلى المنطقة.وقال إنه متعب.") == ["عاد إلى المنطقة.", "وقال إنه متعب."]


def test_a_line_break_ends_a_sentence_and_blanks_are_none() -> None:
    assert split_up("title\nFirst line\n\n  second ") == ["title", "First line", "second"]
    assert sentences(" \n ") == ()


@given(TEXTS)
def test_sentences_hold_everything_but_whitespace(text: str) -> None:
    spans = sentences(text)
    assert "".join("".join(text[s.start : s.end].split()) for s in spans) == "".join(text.split())
    assert all(text[s.start : s.end].strip() == text[s.start : s.end] != "" for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
