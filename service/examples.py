"""The examples of the OpenAPI document, taken from the seed articles."""

from __future__ import annotations

from typing import Any

TITLE = "25 مليار دولار تغيّر قواعد اللعبة.. كيف يعيد ترامب تشكيل تحالفات آسيا الوسطى؟"
PUBLISHER = "إرم ميديا - Erem Media FZ LLC"
TEXT = (
    "من أبرز هذه الصفقات؛ توريد ما يصل إلى 22 طائرة عريضة البدن من طراز 787 دريملاينر و10 طائرات 737 ماكس "
    "لمختلف الدول، بما في ذلك: كازاخستان، وطاجيكستان، وأوزبكستان."
)
SEARCH_ANSWER: dict[str, Any] = {
    "request_id": "0d3c8a5f4d0b4b7e9d0a6a4f3f1c2b1a",
    "query_lang": "en",
    "mode": "hybrid",
    "took_ms": 4.18,
    "answerable": None,
    "model": {"id": "sanad-minilm-ar-en", "revision": "1c9199dbb994"},
    "index": {"revision": 1, "passages": 79},
    "hits": [
        {
            "id": "81b484638f8d369a",
            "rank": 1,
            "score": 0.3895,
            "relevance": None,
            "lang": "ar",
            "dir": "rtl",
            "text": TEXT,
            "highlights": [{"start": 0, "end": 161}, {"start": 71, "end": 80}],
            "article": {
                "id": "004a782f40b46b8c",
                "title": TITLE,
                "publisher": PUBLISHER,
                "author": None,
                "section": "العالم",
                "published_at": None,
                "source": "003_c2fb815239659cbe.txt",
                "url": None,
                "sha256": "94351c9b826fb7ee3d5fdef0babb55e2203c7185d4033c4fe69466e55b5fddf4",
                "inferred": ["title", "lang", "publisher", "section"],
            },
            "locator": {
                "heading": "صفقات اقتصادية ضخمة وتحول في السياسة الأمريكية",
                "paragraph": 6,
                "start": 1010,
                "end": 1171,
                "href": "/articles/004a782f40b46b8c#p6",
            },
            "citation": {
                "ar": f"«{TITLE}»، \u2068{PUBLISHER}\u2069، الفقرة ٦.",
                "en": f"“\u2068{TITLE}\u2069”, \u2068{PUBLISHER}\u2069, para. 6.",
            },
            "also_in": [],
        }
    ],
}

QUESTION = {"q": "How many Dreamliner jets were ordered?", "limit": 1}
TASK: dict[str, Any] = {
    "id": "0660cf8bbe810b97690a8ec2",
    "status": "failed",
    "created_at": "2025-11-09T11:07:00.123+00:00",
    "started_at": "2025-11-09T11:07:00.150+00:00",
    "finished_at": "2025-11-09T11:07:00.391+00:00",
    "total": 2,
    "done": 2,
    "counts": {"added": 1, "changed": 0, "unchanged": 0, "refused": 1},
    "refused": [{"place": 1, "source": "cms-2", "reason": "text: must hold more than blanks"}],
    "revision": 2,
    "code": None,
}
REQUESTS: dict[str, Any] = {
    "SearchBody": QUESTION,
    "BatchBody": {"queries": [QUESTION, {"q": "كم بلغت صفقات الطائرات؟", "limit": 1}]},
    "ArticleBody": {"title": TITLE, "publisher": PUBLISHER, "published_at": "2025-11-09", "text": TEXT},
    "EmbeddingsBody": {"model": "sanad-minilm-ar-en", "input": ["water law", "قانون المياه"]},
    "RerankBody": {
        "model": "sanad-minilm-ar-en",
        "query": "water law",
        "documents": ["قانون المياه", "trade"],
    },
}
ANSWERS: dict[str, Any] = {
    "SearchAnswer": SEARCH_ANSWER,
    "Live": {"status": "ok"},
    "Ready": {"status": "ready", "revision": 1, "passages": 79},
    "ArticleWritten": {
        "id": "1a9652db3acec7d2",
        "source": "cms-4711",
        "change": "added",
        "passages": 1,
        "revision": 2,
        "etag": '"6f2a1d3b5c7e9f806f2a1d3b5c7e9f80"',
    },
    "ArticleRemoved": {"id": "1a9652db3acec7d2", "revision": 3},
    "RerankAnswer": {
        "id": "0d3c8a5f4d0b4b7e9d0a6a4f3f1c2b1a",
        "results": [{"index": 0, "relevance_score": 0.8125}, {"index": 1, "relevance_score": 0.1042}],
    },
    "TaskOut": TASK,
}
"""Examples by the name of the schema they are of."""
