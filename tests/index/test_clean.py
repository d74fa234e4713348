"""The five seeds and the written pages, cleaned: fields, bodies, and nothing lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.clean import Phrases, clean
from index.clean.dates import Dateline, dateline
from index.errors import IndexingError
from index.sentences import sentences
from index.types import Article, Given, Lang, RawArticle

ROOT = Path(__file__).parents[2]
PHRASES = Phrases.load()
FIELDS = ("section", "author", "publisher", "published_at")

TITLES = {
    "000": "في خطوة لافتة تعكس تحولاً في أولويات السياسة الخارجية الأمريكية…",
    "001": "من الثروات إلى التحالفات.. آسيا الوسطى تتطلع لبناء محور استراتيجي مع أمريكا",
    "002": "أميركا تنهى دروس الديمقراطية في آسيا الوسطى",
    "003": "25 مليار دولار تغيّر قواعد اللعبة.. كيف يعيد ترامب تشكيل تحالفات آسيا الوسطى؟",
    "004": "كازاخستان في قلب التحول الأمريكي: بوابة واشنطن الجديدة إلى آسيا الوسطى",
}
DETAILS = {
    "000": {},
    "001": {"section": "العالم", "publisher": "إرم ميديا - Erem Media FZ LLC"},
    "002": {"published_at": "2025-11-09T11:07"},
    "003": {"section": "العالم", "publisher": "إرم ميديا - Erem Media FZ LLC"},
    "004": {"section": "تقارير", "author": "مريم حسن (Mariam Hassan)"},
}
# The numbers of the lines (from 1) that are not of the body, title and details included.
REMOVED = {
    "000": {29},
    "001": {1, 3, 4, 6, 8, 18, 20, 22, 32, 34, 36, 50, 52, 54, 64, 65, 66},
    "002": {1, 2, 18, 19},
    "003": {1, 3, 4, 6, 8, 16, 18, 20, 34, 36, 38, 58, 60, 62, 70, 71, 72},
    "004": {1, 3, 63, 65, 67, 69},
}
HEADINGS = {
    "000": [3, 9, 15, 21],
    "001": [28, 44],
    "002": [],
    "003": [24, 42, 52],
    "004": [9, 15, 21, 27, 33, 39, 45, 51, 57],
}


def seed(number: str) -> tuple[str, str]:
    path = next((ROOT / "seeds").glob(f"{number}_*.txt"))
    return path.name, path.read_text(encoding="utf-8")


def cleaned(text: str, stated: Given | None = None, source: str = "a.txt", is_clean: bool = False) -> Article:
    return clean(RawArticle(source, text, "0" * 64, stated or Given(), is_clean), PHRASES)


def paragraphs(article: Article) -> list[str]:
    return article.text.split("\n\n") if article.text else []


def headings(article: Article) -> list[str]:
    return [article.text[span.start : span.end] for span in article.headings]


@pytest.mark.parametrize("number", sorted(TITLES))
def test_a_seed_has_its_provenance_and_says_what_was_inferred(number: str) -> None:
    source, text = seed(number)
    provenance = cleaned(text, source=source).provenance
    assert provenance.title == TITLES[number]
    assert {name: value for name in FIELDS if (value := getattr(provenance, name))} == DETAILS[number]
    assert set(provenance.inferred) == {"title", "lang", *DETAILS[number]}
    assert (provenance.lang, provenance.url, provenance.source) == ("ar", None, source)


@pytest.mark.parametrize("number", sorted(TITLES))
def test_a_seed_loses_exactly_the_lines_that_are_not_of_its_body(number: str) -> None:
    source, text = seed(number)
    rows = [row.strip() for row in text.split("\n")]
    kept = [row for i, row in enumerate(rows, 1) if row and i not in REMOVED[number]]
    article = cleaned(text, source=source)
    assert paragraphs(article) == kept
    assert headings(article) == [rows[i - 1] for i in HEADINGS[number]]


@pytest.mark.parametrize("number", sorted(TITLES))
def test_no_sentence_of_a_seeds_body_is_lost(number: str) -> None:
    source, text = seed(number)
    article = cleaned(text, source=source)
    for i, row in enumerate(text.split("\n"), 1):
        if i in REMOVED[number]:
            continue
        for span in sentences(row):
            sentence = row[span.start : span.end]
            assert sentence in article.text, sentence


@dataclass(frozen=True)
class WrittenPage:
    """A page of tests/corpora with what is expected of it; its README gives the format."""

    text: str
    title: str | None
    fields: dict[str, str]
    body: list[str]
    headings: list[str]


def written(path: Path) -> WrittenPage:
    rows, fields, body, subheadings = [], {}, [], []
    title = None
    for row in path.read_text(encoding="utf-8").splitlines():
        mark, text = (row[0], row[2:]) if row[1:2] == "|" else ("", row)
        plain = re.sub(r"\s*\{\{.*?\}\}", "", text)
        if mark == "=":
            name, value = text.split(":", 1)
            fields[name.strip()] = value.strip()
        if mark in "=#" and mark:
            continue
        rows.append(text.replace("{{", "").replace("}}", ""))
        if mark == "T":
            title = plain.lstrip("# ")
        elif mark == "B":
            body.append(plain)
        elif mark == "C":
            body[-1] += " " + plain
        elif mark == "H":
            subheadings.append(plain.lstrip("# "))
    return WrittenPage("\n".join(rows), title, fields, body, subheadings)


PAGES = {path.stem: written(path) for path in sorted((ROOT / "tests" / "corpora").glob("*.page"))}


@pytest.mark.parametrize("name", PAGES)
def test_a_written_page_gives_its_article(name: str) -> None:
    page = PAGES[name]
    article = cleaned(page.text)
    found = headings(article)
    assert [text for text in paragraphs(article) if text not in found] == page.body
    assert found == page.headings
    assert {f: value for f in FIELDS if (value := getattr(article.provenance, f))} == page.fields
    if page.title:
        assert article.provenance.title == page.title


def test_body_lines_of_all_pages_are_found_and_little_else(
    record_property: Callable[[str, object], None],
) -> None:
    wanted = found = right = 0
    for page in PAGES.values():
        article = cleaned(page.text)
        got = [text for text in paragraphs(article) if text not in headings(article)]
        wanted, found, right = (
            wanted + len(page.body),
            found + len(got),
            right + len(set(got) & set(page.body)),
        )
    record_property("recall", right / wanted)
    record_property("precision", right / found)
    assert len(PAGES) >= 15
    assert right / wanted >= 0.99
    assert right / found >= 0.97


PROSE = "انعقدت القمة في واشنطن يوم الخميس بحضور خمسة رؤساء."
MORE = "وقال البيان الختامي إن القادة اتفقوا على التعاون في مجال المعادن."


def test_given_provenance_wins_and_is_not_called_inferred() -> None:
    stated = Given("عنوان آخر", "https://example.org/1", "الوكالة", "سعاد", "2024-01-01", "ثقافة", "en")
    article = cleaned(f"العالم\n\nقمة واشنطن تنتهي باتفاق\n\n9 نوفمبر 2025\n\n{PROSE}", stated)
    provenance = article.provenance
    assert {name: getattr(provenance, name) for name in Given.__slots__} == {
        name: getattr(stated, name) for name in Given.__slots__
    }
    assert provenance.inferred == ()
    assert article.text == PROSE


def test_the_given_title_finds_its_line() -> None:
    text = f"خبر عاجل من مكان آخر\n\nقمة واشنطن\n\n{PROSE}\n\n{MORE}"
    assert paragraphs(cleaned(text, Given(title="قِمّة واشنطن"))) == [PROSE, MORE]


def test_a_clean_text_is_not_cleaned() -> None:
    text = f"logo\n\n{PROSE}\n\nتابعونا على\n\n{MORE}"
    article = cleaned(text, Given(title="قمة"), is_clean=True)
    assert article.text == text
    assert article.provenance.inferred == ("lang",)


def test_a_clean_text_keeps_its_headings_as_headings() -> None:
    article = cleaned(f"# قمة واشنطن\n\n{PROSE}\n\n## المعادن\n\n{MORE}", is_clean=True)
    assert article.provenance.title == "قمة واشنطن"
    assert article.text == f"{PROSE}\n\nالمعادن\n\n{MORE}"
    assert headings(article) == ["المعادن"]


@pytest.mark.parametrize("text", ["", " \n\n ", "logo\n\nالرئيسية\n\nشاركها", "***\n\n—"])
def test_a_page_without_a_body_gives_an_empty_text(text: str) -> None:
    article = cleaned(text, source="pages/a.txt")
    assert (article.text, article.headings, article.provenance.title) == ("", (), "pages/a.txt")


def test_a_headline_alone_is_title_and_body() -> None:
    article = cleaned("وصل الرئيس إلى العاصمة")
    assert (article.provenance.title, article.text) == ("وصل الرئيس إلى العاصمة", "وصل الرئيس إلى العاصمة")


@pytest.mark.parametrize(
    "paragraph",
    [
        "وقال المصدر: إن المباحثات مستمرة، ولم يحدد موعدا.",
        "تناول التقرير أخبار ذات علاقة بالاقتصاد والطاقة.",
        "شاركها أخوها السكن في بيت صغير قرب البحر.",
        "تابعونا من النافذة ونحن نغادر القرية في الصباح.",
        "The committee will share the report with Facebook and Twitter next week.",
        "By the end of the year, prices had doubled.",
        "Copyright law has not kept up with machines that read.",
        "Read also means to study, in this part of the country.",
        "اشترك في المؤتمر خمسة رؤساء من المنطقة.",
        "انضموا إلى الجيش في عام 1990.",
        "By clicking the button, users can vote.",
        "Sign up for the race at the town hall.",
        "We use cookies cutters shaped like stars, she explained.",
        "«لن نعود»، قالت الأم.",
        "- من أنت؟",
        "“Home,” he said.",
        "في 9 نوفمبر 2025 تغير كل شيء.",
    ],
)
def test_prose_that_looks_like_furniture_stays(paragraph: str) -> None:
    assert paragraph in paragraphs(cleaned("\n\n".join(["عنوان لا علاقة له", PROSE, paragraph, MORE])))


@pytest.mark.parametrize(
    "last", ["تابعنا الطريق حتى الغروب.", "اشتركوا في الحملة منذ بدايتها.", "“Follow us,” he said."]
)
def test_a_last_sentence_that_is_no_promotion_stays(last: str) -> None:
    assert cleaned(f"عنوان لا علاقة له\n\n{PROSE}\n\n{MORE} {last}").text == f"{PROSE}\n\n{MORE} {last}"


@pytest.mark.parametrize(
    "last", ["تابعونا على فيسبوك لمعرفة المزيد.", "Stay tuned for more.", "Follow us on X for more!"]
)
def test_a_last_sentence_that_is_promotion_goes(last: str) -> None:
    assert cleaned(f"عنوان لا علاقة له\n\n{PROSE}\n\n{MORE} {last}").text == f"{PROSE}\n\n{MORE}"


def test_a_call_to_read_on_goes_only_as_a_paragraph_of_its_own() -> None:
    call = "تابعوا آخر التطورات لمعرفة المزيد."
    assert cleaned(f"عنوان لا علاقة له\n\n{PROSE}\n\n{MORE} {call}").text == f"{PROSE}\n\n{MORE} {call}"
    assert cleaned(f"عنوان لا علاقة له\n\n{PROSE}\n\n{MORE}\n\n{call}").text == f"{PROSE}\n\n{MORE}"


def test_a_date_in_prose_is_no_dateline_and_the_day_of_the_visit_no_publication() -> None:
    assert (
        cleaned(
            f"عنوان الخبر اليوم كاملا\n\nفي 9 نوفمبر 2025 انتهت القمة.\n\n{PROSE}"
        ).provenance.published_at
        is None
    )
    page = f"الأحد 9 نوفمبر 2025\n\nالرئيسية\n\nlogo\n\nقمة واشنطن تنتهي باتفاق\n\n{PROSE}"
    assert cleaned(page).provenance.published_at is None


@pytest.mark.parametrize(
    ("line", "lang", "published_at"),
    [
        ("الأحد 09 نوفمبر 2025 - 11:07 ص", "ar", "2025-11-09T11:07"),
        ("٩ نوفمبر/تشرين الثاني ٢٠٢٥ الساعة ١١:٠٧ مساءً", "ar", "2025-11-09T23:07"),
        ("الأربعاء، 12 مارس 2025 12:15 ص", "ar", "2025-03-12T00:15"),
        ("نشر في: 9 نوفمبر 2025 | آخر تحديث: 10 نوفمبر 2025", "ar", "2025-11-09"),
        ("18 جمادى الأولى 1447 هـ - 9 نوفمبر 2025 م", "ar", "2025-11-09"),
        ("5 غشت 2025", "ar", "2025-08-05"),
        ("21 كانون الأول 2023", "ar", "2023-12-21"),
        ("15 جويلية 2024", "ar", "2024-07-15"),
        ("09/11/2025", "ar", "2025-11-09"),
        ("November 9, 2025 3:05 PM", "en", "2025-11-09T15:05"),
        ("Published: 9th Nov. 2025", "en", "2025-11-09"),
        ("2025-11-09T11:07:30+03:00", "en", "2025-11-09T11:07"),
        ("13/11/2025", "en", "2025-11-13"),
        ("09/11/2025", "en", None),
        ("30 فبراير 2025", "ar", None),
        ("آخر تحديث: 10 نوفمبر 2025", "ar", None),
        ("18 جمادى الأولى 1447 هـ", "ar", None),
        ("منذ 3 ساعات", "ar", None),
        ("2 hours ago", "en", None),
    ],
)
def test_datelines_are_read_and_what_is_uncertain_stays_none(
    line: str, lang: Lang, published_at: str | None
) -> None:
    assert dateline(line, PHRASES, lang) == Dateline(published_at)


@pytest.mark.parametrize(
    "line", ["في 9 نوفمبر 2025 انتهت القمة", "2025", "9 نوفمبر", "قمة 2025", "May 2025", ""]
)
def test_other_lines_are_no_datelines(line: str) -> None:
    assert dateline(line, PHRASES, "ar") is None


def test_a_users_file_teaches_new_phrases(tmp_path: Path) -> None:
    page = f"عنوان الخبر كما ورد\n\n{PROSE}\n\nصفحات من أجلك\n\n{MORE}\n\nقهوة الصباح"
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'navigation = ["صفحات من أجلك", "قهوة الصباح"]\n[months]\n1 = ["جانفييه"]\n', encoding="utf-8"
    )
    phrases = Phrases.load(mine)
    article = clean(RawArticle("a.txt", page, "0" * 64), phrases)
    assert article.text == f"{PROSE}\n\n{MORE}"
    assert dateline("5 جانفييه 2025", phrases) == Dateline("2025-01-05")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("navigation = [", "phrases must be TOML in UTF-8"),
        ('navigation = "x"', "navigation must be a list of strings"),
        ('navigtion = ["x"]', "there is no list 'navigtion'; there are"),
        ('[months]\n13 = ["x"]', "months must map 1 to 12 to lists of names"),
    ],
)
def test_a_bad_phrase_file_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "mine.toml").write_text(content)
    with pytest.raises(IndexingError, match=re.escape(reason)):
        Phrases.load(tmp_path / "mine.toml")


def test_a_missing_phrase_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexingError, match=r"nowhere\.toml: cannot read phrases"):
        Phrases.load(tmp_path / "nowhere.toml")


@given(st.text("اب\n .!؟:#|-©1", max_size=200))
def test_any_text_is_cleaned_and_headings_are_lines_of_it(text: str) -> None:
    article = cleaned(text)
    assert article.text == article.text.strip()
    for span in article.headings:
        assert article.text[span.start : span.end] in article.text.split("\n\n")
