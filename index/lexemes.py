"""Folded Arabic words that begin with و ف ب ك ل or ال but without a clitic: stripping would give another word."""

from __future__ import annotations

_LISTED = """
لجنه لجان بطاقه بطاقات وزير وزراء وزاره وزارات بعيد بعيده كمال كامل لطيف كبير كبيره كبار بحيره بحار بنيه كتله
كوبا وحده ولايه ولايات وكاله الله كلمه كلام كتاب كتب كاتب بحر بنك بنوك فريق فقير كثير لقاء بيان بلاد بلد بلده
"""

LEXEMES = frozenset(_LISTED.split())
