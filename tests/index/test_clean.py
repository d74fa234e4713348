"""The five seeds and the written pages, cleaned: fields, bodies, and nothing lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.arabic import language
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
        "Fakes like this one may well end up in your inbox.",
        "ستجد رسالة التأكيد في بريدك الإلكتروني بعد يومين.",
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


@pytest.mark.parametrize("heading", ["قد يهمك أيضا", "You might also like", "الأكثر قراءة"])
def test_a_heading_over_other_articles_goes_with_them(heading: str) -> None:
    page = f"# عنوان لا علاقة له\n\n{PROSE}\n\n## الطريق\n\n{MORE}\n\n## {heading}\n\nعنوان خبر آخر"
    article = cleaned(page)
    assert paragraphs(article) == [PROSE, "الطريق", MORE]
    assert headings(article) == ["الطريق"]


@pytest.mark.parametrize("heading", ["Share", "Watch", "على", "بريد"])
def test_a_word_that_could_head_a_part_of_the_article_stays_a_heading(heading: str) -> None:
    article = cleaned(f"# عنوان لا علاقة له\n\n{PROSE}\n\n## {heading}\n\n{MORE}")
    assert (paragraphs(article), headings(article)) == ([PROSE, heading, MORE], [heading])


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("Jane Doe reported from York. ¶ 1 ¶ 2", "1 ¶ 2"),
        ("1 ¶ 2 ¶ Jane Doe covers the environment for The Example.", "1 ¶ 2"),
        (
            "1 ¶ 2 ¶ Jane Doe covers the port and the ferries for The Example. Write to her at jane@x.example.",
            "1 ¶ 2",
        ),
        ("1 ¶ Jane Doe waited outside for an hour. ¶ 2", "1 ¶ Jane Doe waited outside for an hour. ¶ 2"),
        ("Jane Doe: When did you hear of it? ¶ 1 ¶ 2", "Jane Doe: When did you hear of it? ¶ 1 ¶ 2"),
        ("Jane Doering opened the hall. ¶ 1 ¶ 2", "Jane Doering opened the hall. ¶ 1 ¶ 2"),
    ],
)
def test_what_is_said_of_a_stated_author_goes_above_and_below_the_paragraphs(page: str, kept: str) -> None:
    written, wanted = (
        [EN[int(row) - 1] if row in "12" else row for row in rows.split(" ¶ ")] for rows in (page, kept)
    )
    article = cleaned("\n\n".join([EN_TITLE, *written]), Given(author="Jane Doe"))
    assert paragraphs(article) == wanted
    assert article.provenance.author == "Jane Doe"


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
        ("2025-11-09T11:07:00Z", "en", "2025-11-09T11:07"),
        ("Thu 21 Nov 2024 06.00 GMT", "en", "2024-11-21T06:00"),
        ("الأحد 09/نوفمبر/2025 - 11:07 ص", "ar", "2025-11-09T11:07"),
        ("09/11/2025 الساعة 11:07 (توقيت القدس)", "ar", "2025-11-09T11:07"),
        ("أحد, 09/11/2025 - 11:07", "ar", "2025-11-09T11:07"),
        ("الأحد 9 نونبر 2025 على الساعة 11 و7 دقائق", "ar", "2025-11-09T11:07"),
        ("عمان - الأحد 9-11-2025", "ar", "2025-11-09"),
        ("عمّان في 27 كانون الثاني 2025", "ar", "2025-01-27"),
        ("الاثنين 1445/9/8 هـ الموافق 2024/03/18 م (واس)", "ar", "2024-03-18"),
        ("الأحد ٢٨ من رجب ١٤٤٤ هــ   ١٩ فبراير ٢٠٢٣ السنة ١٤٧ العدد ٤٩٧٥٣", "ar", "2023-02-19"),
        ("05.12.2024 - محدث : 05.12.2024", "ar", "2024-12-05"),
    ],
)
def test_datelines_are_read_and_what_is_uncertain_stays_none(
    line: str, lang: Lang, published_at: str | None
) -> None:
    assert dateline(line, PHRASES, lang) == Dateline(published_at)


@pytest.mark.parametrize(
    "line",
    ["في 9 نوفمبر 2025 انتهت القمة", "2025", "9 نوفمبر", "قمة 2025", "May 2025", "On 9 November 2025.", ""],
)
def test_other_lines_are_no_datelines(line: str) -> None:
    assert dateline(line, PHRASES, "ar") is None


EN = (
    "The committee met on Thursday to review the proposal for a new public library in the eastern district.",
    "Three architects presented designs, and the public was invited to comment on them during the week.",
    "Most speakers favoured the second design, which keeps the old plane trees and the reading rooms.",
    "A vote is expected in the spring, according to the chair of the committee, who declined to say more.",
)
AR = (
    "انعقدت القمة في واشنطن يوم الخميس بحضور خمسة رؤساء من دول المنطقة وعدد من الوزراء.",
    "وقال البيان الختامي إن القادة اتفقوا على التعاون في مجال المعادن والطاقة والنقل.",
    "ومن المقرر أن تعقد الجولة المقبلة في العاصمة الكازاخستانية خلال الربيع المقبل.",
    "ويرى مراقبون أن الاتفاق سيغير خريطة التجارة في المنطقة خلال السنوات العشر المقبلة.",
)
EN_TITLE, AR_TITLE = (
    "Council reviews plans for the new library",
    "قمة واشنطن تنتهي باتفاق على المعادن النادرة",
)


def told(page: str, *, is_arabic: bool) -> Article:
    """The article of a page written in short: `1`–`4` stand for paragraphs, the title above is added."""
    texts = AR if is_arabic else EN
    rows = [texts[int(row) - 1] if row in "1234" else row for row in page.split(" ¶ ")]
    return cleaned("\n\n".join([AR_TITLE if is_arabic else EN_TITLE, *rows]))


@pytest.mark.parametrize(
    "page",
    [
        "1 ¶ 2 ¶ 3 ¶ What's next? ¶ 4 ¶ 1",
        "1 ¶ 2 ¶ 3 ¶ Comments ¶ 4 ¶ 2",
        "1 ¶ 2 ¶ 3 ¶ Trending ¶ 4 ¶ 2",
        "1 ¶ 2 ¶ 3 ¶ مختارات ¶ 4 ¶ 2",
        "1 ¶ 2 ¶ 3 ¶ مواضيع ¶ 4 ¶ 2",
        "1 ¶ 2 ¶ 3 ¶ Long Shadow ¶ One researcher at the university said the river had changed twice. ¶ 4",
        "1 ¶ 2 ¶ 3 ¶ رهان آسيا الوسطى ¶ يقول باحث في مركز الدراسات إن الأمر لن يحسم قبل نهاية العام. ¶ 4",
        "1 ¶ 2 ¶ 3 ¶ حكاية لا تنتهي ¶ كان الرجل كاتب المقهى وحارسه وذاكرته طوال أربعين عاما. ¶ 4",
        "1 ¶ 2 ¶ 3 ¶ Omar Said ¶ The editor refused my first three stories, he remembers. ¶ 4",
        "1 ¶ 2 ¶ 3 ¶ Toni Morrison ¶ The novelist won the Nobel Prize in 1993 for work of visionary force.",
        "1 ¶ 2 ¶ 3 ¶ كل الحقوق محفوظة للمرأة في هذا القانون كما تقول الوزيرة في بيانها. ¶ 4",
        "1 ¶ Copyright 2024 was a bad year for songwriters, the union said in its report. ¶ 2 ¶ 3",
        "1 ¶ 2 ¶ 3 ¶ ومن المقرر أن تعقد الجولة المقبلة في أستانا ¶ وغادر الرؤساء مساء الجمعة إلى بلدانهم",
        "1 ¶ 2 ¶ 3 ¶ The winners were: ¶ Anna Berg, Sweden ¶ Omar Said, Egypt ¶ Lin Wei, China",
        "1 ¶ 2 ¶ 3 ¶ إذا الشعب يوما أراد الحياة ¶ فلا بد أن يستجيب القدر",
        "1 ¶ وجاءت نتائج الجولة على النحو الآتي. ¶ الأهلي 2 - 1 الزمالك ¶ الاتحاد 0 - 0 سموحة",
        "1 ¶ وأوقفت الشرطة ثلاثة أشخاص بحسب ما أفادت به وكالة الأنباء (رويترز) ¶ 2 ¶ 3",
        "1 ¶ وأكدت ذلك المتحدثة باسم الشرطة لوكالة (أ ف ب). ¶ 2 ¶ 3",
        "1 ¶ The trust also runs the radio station and the news agency (AP). ¶ 2",
        "1 ¶ 2 ¶ He reads only two papers and one wire – AFP ¶ 3",
        "1 ¶ The views expressed by the two candidates could hardly have been further apart. ¶ 2",
        "1 ¶ 2 ¶ 3 ¶ للمزيد من التفاصيل حول مواعيد القطارات يمكن الاتصال بالرقم 19959.",
        "1 ¶ 2 ¶ For more news, see the appendix of the report, which runs to ninety pages.",
        "1 ¶ On 9 November 2025. ¶ 2 ¶ It was Friday. ¶ 3",
        "By Friday, all had left. ¶ 1 ¶ By midnight the fire was out. ¶ 2",
        "25 January 2011 ¶ 1 ¶ 28 January 2011 ¶ 2 ¶ 11 February 2011 ¶ 3",
        "1 ¶ 2 ¶ 3 ¶ انتهى ¶ 4",
        "1 ¶ Email: the message arrived at noon. ¶ 2",
        "1 ¶ للتواصل: اتصل الرجل بأخيه مرتين دون جواب. ¶ 2",
        "1 ¶ Save or print. ¶ 2 ¶ 100 مشاهدة. ¶ 3",
    ],
)
def test_every_line_of_a_text_like_furniture_stays(page: str) -> None:
    is_arabic = language(page) == "ar"
    article, texts = told(page, is_arabic=is_arabic), AR if is_arabic else EN
    assert paragraphs(article) == [texts[int(row) - 1] if row in "1234" else row for row in page.split(" ¶ ")]
    assert not {"author", "publisher", "published_at"} & set(article.provenance.inferred)


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("1 ¶ Advertisement ¶ The second design ¶ Advertisement ¶ 2 ¶ 3", "1 ¶ The second design ¶ 2 ¶ 3"),
        ("1 ¶ جانب من القمة (رويترز) ¶ رهان المعادن ¶ اقرأ أيضا ¶ عنوان خبر آخر ¶ 2", "1 ¶ رهان المعادن ¶ 2"),
        ("1 ¶ اقرأ أيضا ¶ عنوان خبر آخر ¶ وقال الوزير إن القادة اتفقوا ¶ 2", "1 ¶ وقال الوزير إن القادة اتفقوا ¶ 2"),
        ("1 ¶ 2 ¶ 3 ¶ اقرأ أيضا: خبر آخر ¶ وختم الوزير بالدعاء للجميع", "1 ¶ 2 ¶ 3 ¶ وختم الوزير بالدعاء للجميع"),
        ("1 ¶ Related ¶ A story ¶ It has two: ¶ - books ¶ - rooms ¶ 2", "1 ¶ It has two: ¶ - books ¶ - rooms ¶ 2"),
        ("1 ¶ 2 ¶ وغادر الرؤساء مساء الجمعة ¶ شارك", "1 ¶ 2 ¶ وغادر الرؤساء مساء الجمعة"),
        ("1 ¶ تخطى قصص وواصل القراءة ¶ قصص ¶ خبر. ¶ قصص نهاية ¶ عنوان فرعي ¶ 2", "1 ¶ عنوان فرعي ¶ 2"),
        ("1 ¶ list of 2 items ¶ list 1 of 2 ¶ Some story ¶ end of list ¶ A heading ¶ 2", "1 ¶ A heading ¶ 2"),
        ("1 ¶ 2 ¶ 3 ¶ -انتهى- ¶ للاستفسار: هاتف 5652267", "1 ¶ 2 ¶ 3"),
        ("1 ¶ 2 ¶ 3 ¶ تعليقات الزوار ¶ محمد ¶ خبر جيد جدا وشكرا لكم.", "1 ¶ 2 ¶ 3"),
        ("1 ¶ 2 ¶ 3 ¶ Jane Doe ¶ Jane Doe is a journalist based in Cairo.", "1 ¶ 2 ¶ 3"),
        ("9 Nov 2025 ¶ 1 ¶ The report, opens new tab, is long. ¶ 2", "1 ¶ The report, is long. ¶ 2"),
    ],
)  # fmt: skip
def test_furniture_goes_and_the_line_beside_it_stays(page: str, kept: str) -> None:
    is_arabic = language(page) == "ar"
    texts = AR if is_arabic else EN
    assert paragraphs(told(page, is_arabic=is_arabic)) == [
        texts[int(row) - 1] if row in "1234" else row for row in kept.split(" ¶ ")
    ]


@pytest.mark.parametrize(
    ("above", "title"),
    [
        (["الهلال 3 - 3 الرياض", "كرة القدم", AR_TITLE], AR_TITLE),
        (["الأهلي يكشف موعد وصول مدربه الجديد", "أخبار عاجلة", AR_TITLE], AR_TITLE),
        ([f"{AR_TITLE} | صحيفة المدينة", AR_TITLE], AR_TITLE),
        (["بيان صحفي رقم (14/2025)", AR_TITLE], AR_TITLE),
        ([AR_TITLE, "العالم", AR_TITLE], AR_TITLE),
    ],
)
def test_a_ticker_a_score_or_a_papers_number_is_no_title(above: list[str], title: str) -> None:
    article = cleaned("\n\n".join([*above, "9 نوفمبر 2025", *AR]))
    assert (article.provenance.title, paragraphs(article)) == (title, list(AR))


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("كتب سمير الكيلاني", "سمير الكيلاني"),
        ("بيروت - سمير الكيلاني", "سمير الكيلاني"),
        ("بغداد: زينب العلي", "زينب العلي"),
        ("الخرطوم / محمد الخاتم / الأناضول", "محمد الخاتم"),
        ("تحقيق ــ هبة عبدالستار", "هبة عبدالستار"),
        ("Helena Marsh in Stockbridge", "Helena Marsh"),
        ("By Jane Doe and John Roe for The Daily Thing", "Jane Doe and John Roe"),
        ("سمير الكيلاني", None),
        ("سكاي نيوز عربية - أبوظبي", None),
    ],
)
def test_an_author_is_found_beside_the_date_and_a_bare_name_is_none(line: str, author: str | None) -> None:
    article = cleaned("\n\n".join([AR_TITLE, line, "9 نوفمبر 2025", *AR]))
    assert (article.provenance.author, paragraphs(article)) == (author, list(AR))


@pytest.mark.parametrize(
    ("line", "publisher"),
    [
        ("© 2024 Guardian News Limited or its affiliated companies. All rights reserved.", "Guardian News Limited"),
        ("جميع الحقوق محفوظة لصحيفة النهار الجديد 2025 ©", "النهار الجديد"),
        ("© 2020-2025 The Daily Thing. Powered by WordPress", "The Daily Thing"),
        ("جميع الحقوق محفوظة لجامعة السهل © 2024", "جامعة السهل"),
        ("Copyright 2023 Cedar Valley Co. All rights reserved.", "Cedar Valley Co."),
        ("Copyright © 2025", None),
        ("© Getty", None),
    ],
)  # fmt: skip
def test_a_publisher_is_named_beside_a_year_or_the_rights(line: str, publisher: str | None) -> None:
    article = cleaned("\n\n".join([EN_TITLE, *EN, line]))
    assert (article.provenance.publisher, paragraphs(article)) == (publisher, list(EN))


def test_a_headline_that_opens_with_a_place_is_no_byline() -> None:
    article = cleaned("\n\n".join(["باريس : اخلاء محطة للقطارات", *AR]))
    assert (article.provenance.title, article.provenance.author) == ("باريس : اخلاء محطة للقطارات", None)


def test_the_last_entry_of_a_menu_is_no_section() -> None:
    menu = "عالم\n\nتكنولوجيا\n\nرياضة"
    assert cleaned("\n\n".join([menu, AR_TITLE, *AR])).provenance.section is None
    assert cleaned("\n\n".join([menu, "رياضة", AR_TITLE, *AR])).provenance.section == "رياضة"


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
