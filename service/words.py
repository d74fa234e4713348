"""The interface in Arabic and English: its words, numerals, dates and counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal, TypeAlias

Interface: TypeAlias = Literal["ar", "en"]

ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
MONTHS: Mapping[Interface, tuple[str, ...]] = {
    "ar": (
        *("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو"),
        *("يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
# Plural categories of CLDR; `n` is the number in the interface's digits.
COUNTS: Mapping[Interface, Mapping[str, Mapping[str, str]]] = {
    "ar": {
        "hits": {
            "one": "فقرة واحدة",
            "two": "فقرتان",
            "few": "{n} فقرات",
            "other": "{n} فقرة",
        },
        "articles": {
            "one": "مقال واحد",
            "two": "مقالان",
            "few": "{n} مقالات",
            "other": "{n} مقال",
        },
    },
    "en": {
        "hits": {"one": "1 paragraph", "other": "{n} paragraphs"},
        "articles": {"one": "1 article", "other": "{n} articles"},
    },
}
WORDS: Mapping[Interface, Mapping[str, str]] = {
    "ar": {
        "brand": "سند",
        "tagline": "كل جواب بسنده",
        "lead": "اسأل بالعربية أو بالإنجليزية، تأتك الفقرة التي تجيب ومعها مصدرها.",
        "label": "ابحث في المقالات",
        "placeholder": "اكتب سؤالك…",
        "search": "بحث",
        "switch": "English",
        "switch_label": "Switch to English",
        "skip": "تجاوز إلى النتائج",
        "results": "النتائج",
        "examples": "جرّب مثلاً",
        "loading": "جارٍ البحث…",
        "weak": "لا شيء هنا يجيب عن سؤالك بوضوح",
        "weak_more": "هذه أقرب الفقرات إليه، وقد لا يكون فيها الجواب.",
        "none": "لا نتائج",
        "none_more": "لم نجد فقرة تطابق بحثك. جرّب كلمات أخرى أو خفّف التصفية.",
        "busy": "الخدمة مشغولة الآن",
        "busy_more": "عمليات البحث كثيرة في هذه اللحظة. أعد المحاولة بعد قليل.",
        "down": "تعذّر الوصول إلى الخدمة",
        "down_more": "تحقّق من اتصالك ثم أعد المحاولة.",
        "invalid": "لا يمكن البحث بهذا السؤال",
        "invalid_more": "اكتب سؤالاً من حرف إلى ٥١٢ حرفًا، وتحقّق من التواريخ.",
        "retry": "أعد المحاولة",
        "more": "مزيد من النتائج",
        "first": "العودة إلى أول النتائج",
        "paragraph": "الفقرة {n}",
        "relevance": "الصلة {n}٪",
        "title": "العنوان",
        "also_in": "وردت أيضًا في",
        "section": "القسم",
        "publisher": "الناشر",
        "author": "الكاتب",
        "date": "التاريخ",
        "source": "المصدر",
        "url": "الرابط",
        "fingerprint": "بصمة المصدر (SHA-256)",
        "provenance": "سند المقال",
        "inferred": "مستنتج",
        "inferred_note": "ما وُسم بـ«مستنتج» استُخرج من النص بالقواعد ولم يصرّح به المصدر.",
        "link_to": "رابط {p}",
        "not_found": "لا شيء في هذا العنوان",
        "not_found_more": "لعلّ المقال أُزيل أو تغيّر مصدره.",
        "failed": "حدث خطأ في الخدمة",
        "failed_more": "سُجّل الخطأ تحت هذا الرقم:",
        "denied": "هذه الخدمة تتطلب مفتاحًا",
        "denied_more": "اطلب من القائمين على البوابة أن يفتحوا لك البحث.",
        "filters": "تصفية",
        "any_publisher": "كل الناشرين",
        "any_lang": "كل اللغات",
        "lang": "لغة الفقرة",
        "in_ar": "العربية",
        "in_en": "الإنجليزية",
        "date_from": "من تاريخ",
        "date_to": "إلى تاريخ",
        "group": "فقرة واحدة من كل مقال",
        "unfilter": "أزل التصفية",
        "cite": "استشهد",
        "cite_ar": "انسخ بالعربية",
        "cite_en": "انسخ بالإنجليزية",
        "copied": "نُسخ الاستشهاد مع رابطه",
        "similar": "فقرات شبيهة",
        "demo_portal": "بوابة الدراسات والأرشيف",
        "demo_title": "صندوق البحث في بوابتكم",
        "demo_lead": "الصندوق في أعلى هذه الصفحة عنصر واحد، وهذا كل ما يحتاج إليه:",
        "demo_label": "ابحث داخل الصفحة",
        "demo_inline": "والنتائج داخل الصفحة، فقرة من كل مقال",
        "shortcuts": "‏/ للبحث · ↑ ↓ للتنقل · Esc للعودة",
    },
    "en": {
        "brand": "Sanad",
        "tagline": "Every answer with its source",
        "lead": "Ask in Arabic or English. The paragraph that answers comes first, with where it comes from.",
        "label": "Search the articles",
        "placeholder": "Ask a question…",
        "search": "Search",
        "switch": "العربية",
        "switch_label": "التبديل إلى العربية",
        "skip": "Skip to the results",
        "results": "Results",
        "examples": "Try, for example",
        "loading": "Searching…",
        "weak": "Nothing here clearly answers this",
        "weak_more": "These are the closest paragraphs; the answer may not be among them.",
        "none": "No results",
        "none_more": "No paragraph matches. Try other words, or fewer filters.",
        "busy": "The service is busy",
        "busy_more": "Many searches are running right now. Please try again in a moment.",
        "down": "The service cannot be reached",
        "down_more": "Check your connection, then try again.",
        "invalid": "This cannot be searched for",
        "invalid_more": "Write a question of 1 to 512 characters, and check the dates.",
        "retry": "Try again",
        "more": "More results",
        "first": "Back to the first results",
        "paragraph": "Paragraph {n}",
        "relevance": "Relevance {n}%",
        "title": "Title",
        "also_in": "Also in",
        "section": "Section",
        "publisher": "Publisher",
        "author": "Author",
        "date": "Date",
        "source": "Source",
        "url": "Link",
        "fingerprint": "Fingerprint of the source (SHA-256)",
        "provenance": "Provenance",
        "inferred": "inferred",
        "inferred_note": "What is marked “inferred” was found in the text by rule; the source does not state it.",
        "link_to": "Link to {p}",
        "not_found": "There is nothing at this address",
        "not_found_more": "The article may have been removed, or its source may have changed.",
        "failed": "The service failed",
        "failed_more": "The failure is logged under this number:",
        "denied": "This service asks for a key",
        "denied_more": "Ask those who run the portal to open the search for you.",
        "filters": "Filters",
        "any_publisher": "All publishers",
        "any_lang": "All languages",
        "lang": "Language of the paragraph",
        "in_ar": "Arabic",
        "in_en": "English",
        "date_from": "From",
        "date_to": "To",
        "group": "One paragraph an article",
        "unfilter": "Clear the filters",
        "cite": "Cite",
        "cite_ar": "Copy in Arabic",
        "cite_en": "Copy in English",
        "copied": "Copied the citation with its link",
        "similar": "More like this",
        "demo_portal": "Studies and Archive Portal",
        "demo_title": "The search box in your portal",
        "demo_lead": "The box at the top of this page is one element, and this is all it takes:",
        "demo_label": "Search inside the page",
        "demo_inline": "And with results inside the page, one paragraph an article",
        "shortcuts": "/ to search · ↑ ↓ to move · Esc to return",
    },
}


def chosen(ui: str | None, accept_language: str, default: Interface) -> Interface:
    """The interface's language: the one asked for, else the browser's best, else the default (RFC 9110 §12.5.4)."""
    if ui == "ar":
        return "ar"
    if ui == "en":
        return "en"
    best: Interface = default
    weight = 0.0
    for part in accept_language[:256].split(","):
        tag, _, quality = part.strip().partition(";q=")
        primary = tag.split("-")[0].strip().lower()
        try:
            worth = float(quality or 1)
        except ValueError:
            continue
        if worth > weight and (primary == "ar" or primary == "en"):
            best, weight = ("ar" if primary == "ar" else "en"), worth
    return best


def number(value: int, ui: Interface) -> str:
    """A whole number in the interface's digits."""
    return str(value).translate(ARABIC_DIGITS) if ui == "ar" else str(value)


def day(iso: str | None, ui: Interface) -> str:
    """An ISO date, with or without a time, as a day in words: `9 November 2025`; empty for none."""
    try:
        when = date.fromisoformat((iso or "")[:10])
    except ValueError:
        return ""
    return f"{number(when.day, ui)} {MONTHS[ui][when.month - 1]} {number(when.year, ui)}"


def count(kind: str, n: int, ui: Interface) -> str:
    """A number of things in words, in the plural that the number takes."""
    forms = COUNTS[ui][kind]
    return forms.get(_plural(n, ui), forms["other"]).format(n=number(n, ui))


def _plural(n: int, ui: Interface) -> str:
    # CLDR plural rules; Arabic's 0 and 11-99 read as its "other" here.
    if n == 1:
        return "one"
    if ui == "ar" and n == 2:
        return "two"
    return "few" if ui == "ar" and 3 <= n % 100 <= 10 else "other"
