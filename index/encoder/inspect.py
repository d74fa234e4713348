"""What an encoder is and does here: its languages, told by translations it should place together, and its speed."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from index.types import Embeddings, Encoder, EncoderKey

TRANSLATIONS: tuple[tuple[str, str], ...] = (
    ("The president arrived in Cairo for trade talks.", "وصل الرئيس إلى القاهرة لإجراء محادثات تجارية."),
    ("Heavy rain flooded the streets of the old city.", "غمرت الأمطار الغزيرة شوارع المدينة القديمة."),
    ("The central bank raised interest rates by half a point.", "رفع البنك المركزي أسعار الفائدة نصف نقطة."),
    ("Doctors advise drinking enough water in summer.", "ينصح الأطباء بشرب كمية كافية من الماء في الصيف."),
    ("The team won the final in the last minute.", "فاز الفريق بالمباراة النهائية في الدقيقة الأخيرة."),
    ("She wrote her first novel at the age of twenty.", "كتبت روايتها الأولى في سن العشرين."),
    ("The company will build a solar power plant in the desert.", "ستبني الشركة محطة للطاقة الشمسية في الصحراء."),
    ("Schools reopen next week after the holidays.", "تفتح المدارس أبوابها من جديد الأسبوع المقبل بعد العطلة."),
    ("Archaeologists found a Roman mosaic under the market.", "عثر علماء الآثار على فسيفساء رومانية تحت السوق."),
    ("The court postponed the trial until March.", "أجلت المحكمة النظر في القضية إلى شهر مارس."),
    ("Oil prices fell for the third day in a row.", "انخفضت أسعار النفط لليوم الثالث على التوالي."),
    ("The two neighbours signed an agreement on sharing the river.", "وقع البلدان الجاران اتفاقا لتقاسم مياه النهر."),
)  # fmt: skip
"""Sentences of different subjects and their translations, written for this table."""

CROSS_LINGUAL = 0.8
"""An encoder that matches fewer of the translations does not read both languages."""

REPEATS = 20


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found. `matched` is the share of `TRANSLATIONS` whose Arabic is nearest to its English of all;
    `cosine` the mean over translations, `cosine_others` over pairs that are not; times are medians on this machine.
    """

    key: EncoderKey
    max_tokens: int
    matched: float
    cosine: float
    cosine_others: float
    query_ms: float
    passages_per_second: float

    @property
    def is_cross_lingual(self) -> bool:
        """Whether Arabic and English lie in one space."""
        return self.matched >= CROSS_LINGUAL


def inspect(encoder: Encoder) -> Inspection:
    """Run the built-in translations through the encoder and time it."""
    english = encoder.encode_queries([en for en, _ in TRANSLATIONS])
    arabic = encoder.encode_passages([ar for _, ar in TRANSLATIONS])
    cosines = english @ arabic.T
    return Inspection(
        key=encoder.key,
        max_tokens=encoder.max_tokens,
        matched=float((cosines.argmax(axis=1) == np.arange(len(cosines))).mean()),
        cosine=float(np.diag(cosines).mean()),
        cosine_others=_mean_off_diagonal(cosines),
        query_ms=1000 * _seconds(encoder, TRANSLATIONS[0][0]),
        passages_per_second=1 / _seconds(encoder, " ".join(ar for _, ar in TRANSLATIONS[:4])),
    )


def _mean_off_diagonal(cosines: Embeddings) -> float:
    return float(cosines[~np.eye(len(cosines), dtype=bool)].mean())


def _seconds(encoder: Encoder, text: str) -> float:
    """The median time to encode one text."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        encoder.encode_queries([text])
        times.append(time.perf_counter() - start)
    return float(np.median(times))
