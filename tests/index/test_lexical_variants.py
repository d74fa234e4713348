"""Spellings of one Arabic word find each other in lexical search; words that only look alike do not."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.relevance import Calibration
from index.search import Searcher
from index.store.embedded import EmbeddedStore
from index.translation import Translations
from index.types import Query
from tests.index.store.corpus import ENCODER, entry

FOUND = [
    # tashkeel
    ("مدرسة", "افتتحت المَدْرَسَةُ أمس"),
    ("المُدَرِّسُونَ", "اجتمع المدرسون صباحا"),
    ("كَتَبَ", "كتب الوزير رسالة"),
    ("عِلْم", "يدرس علم الفلك"),
    ("قُوَّة", "أظهر الفريق قوة كبيرة"),
    ("شرق", "هبت رياح من الشَّرْق"),
    # hamza and alef
    ("أمريكا", "سافر إلى امريكا"),
    ("امريكا", "عاد من أمريكا"),
    ("إسلام", "تاريخ الاسلام"),
    ("اسبانيا", "فازت إسبانيا بالكأس"),
    ("آسيا", "قارة اسيا"),
    ("اسيا الوسطى", "دول آسيا الوسطى"),
    ("رئيس", "انتخب رييس جديد"),
    ("مسؤول", "صرح مسئول كبير"),
    ("مسئولون", "قال مسؤولون"),
    ("شؤون", "وزارة الشئون الاجتماعية"),
    ("مؤتمر", "عقد الموتمر السنوي"),
    ("قرآن", "حفظ القران الكريم"),
    ("ٱلرحمن", "بسم الله الرحمن"),
    # ى and ي, ة and ه
    ("مستشفى", "نقل إلى مستشفي المدينة"),
    ("على", "علي رأس القائمة"),
    ("القاهرة", "مدينة القاهره"),
    ("جامعه", "جامعة الأزهر"),
    ("مصطفي", "حضر مصطفى الحفل"),
    ("قمه", "انعقدت قمة القادة"),
    # tatweel
    ("محمد", "الحاج محمـــد"),
    ("بـــرلين", "عاصمة ألمانيا برلين"),
    ("سلام", "مبادرة ســلام"),
    # clitics
    ("وزارة", "بوزارة الداخلية"),
    ("الاقتصاد", "نمو اقتصاد البلاد"),
    ("اقتصاد", "والاقتصاد ينمو"),
    ("معادن", "للمعادن النادرة"),
    ("طائرات", "بالطائرات الحديثة"),
    ("القمة", "وللقمة أهمية"),
    ("مياه", "فالمياه شحيحة"),
    ("شركة", "كالشركة الأم"),
    ("تجارة", "وبالتجارة ازدهرت"),
    ("كازاخستان", "وكازاخستان بلد كبير"),
    ("ترامب", "لترامب موقف آخر"),
    ("السعودية", "بالسعودية مشاريع"),
    # endings
    ("مهندس", "المهندسون في الموقع"),
    ("المهندسين", "نقابة المهندسون"),
    ("سياسة", "سياستها الخارجية"),
    ("كتاب", "كتابهم الجديد"),
    ("سيارة", "سيارات كهربائية"),
    ("قانون", "قوانينه وقانونها"),
    ("مدينة", "المدينتان الكبيرتان مدينتنا"),
    ("انتخاب", "الانتخابات البرلمانية"),
    ("لاعب", "لاعبان مصابان"),
    ("عملية", "العمليات العسكرية"),
    # digits
    ("2025", "عام ٢٠٢٥"),
    ("٢٠٢٥", "سنة 2025 كانت"),
    ("۱۳۹۹", "في 1399 هجرية"),
    ("22", "توريد ٢٢ طائرة"),
    ("1,500", "بلغ العدد ١٥٠٠"),
    ("57.1", "نسبة ٥٧٫١"),
    # presentation forms, Persian letters, NFD, invisible characters
    ("ﺳﻼﻡ", "يعم سلام البلاد"),
    ("سلام", "كلمة ﺳﻼﻡ قديمة"),
    ("کتاب", "قرأ كتاب التاريخ"),
    (unicodedata.normalize("NFD", "أوزبكستان"), "عاصمة أوزبكستان طشقند"),
    ("أوزبكستان", unicodedata.normalize("NFD", "رئيس أوزبكستان الحالي")),
    ("ميزانية", "الميزا\u200cنية العامة"),
    ("ميناء", "\u202bميناء جدة\u202c"),
    ("﷼", "سعر ريال"),
]

APART = [
    ("لجنة", "جنة الفردوس"),
    ("بطاقة", "طاقة متجددة"),
    ("فضل", "ضل الطريق"),
    ("ولد", "لد مدينة قديمة"),
    ("كبير", "بير زيت"),
    ("والد", "الد الخصام"),
    ("كلب", "لب الموضوع"),
    ("بحر", "حر شديد"),
    ("فرس", "رس الحجاز"),
    ("وجه", "جه اخر"),
    ("قلب", "كلب حراسة"),
    ("صيف", "سيف قاطع"),
    ("تين", "طين لازب"),
    ("مدير", "مدار القمر"),
    ("علم", "عمل شاق"),
    ("ملك", "مالك الدار"),
    ("شعر", "شعار الحزب"),
    ("قمر", "قمار ممنوع"),
    ("حرب", "حزب سياسي"),
    ("جبل", "جمل الصحراء"),
    ("2025", "2052 بعيد"),
    ("22", "122 صفحة"),
    ("بنك", "بنت صغيرة"),
    ("سفير", "سفر طويل"),
]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    with EmbeddedStore.create(tmp_path_factory.mktemp("variants") / "store", ENCODER.key) as store:
        texts = [*(text for _, text in FOUND), *(text for _, text in APART)]
        store.put([entry(f"{number}", text, lang="ar") for number, text in enumerate(dict.fromkeys(texts))])
        yield Searcher(store, ENCODER, translations=Translations({}), calibration=Calibration())


def found(searcher: Searcher, question: str) -> list[str]:
    """The texts that lexical search finds, best first."""
    return [hit.passage.text for hit in searcher.search(Query(question, limit=50, mode="lexical")).hits]


def test_there_are_enough_pairs() -> None:
    assert len(FOUND) >= 60
    assert len(APART) >= 20


@pytest.mark.parametrize(("question", "text"), FOUND)
def test_a_spelling_finds_the_passage_with_another(searcher: Searcher, question: str, text: str) -> None:
    assert text in found(searcher, question)


@pytest.mark.parametrize(("question", "text"), APART)
def test_a_word_does_not_find_one_that_only_looks_like_it(
    searcher: Searcher, question: str, text: str
) -> None:
    assert text not in found(searcher, question)


def test_the_word_itself_comes_before_others_of_its_stem(tmp_path: Path) -> None:
    with EmbeddedStore.create(tmp_path / "store", ENCODER.key) as store:
        store.put([entry("school", "بناء مدرسة", lang="ar"), entry("teacher", "بناء مدرس", lang="ar")])
        searcher = Searcher(store, ENCODER, translations=Translations({}), calibration=Calibration())
        assert found(searcher, "مدرسة") == ["بناء مدرسة", "بناء مدرس"]
        assert found(searcher, "مدرس") == ["بناء مدرس", "بناء مدرسة"]
