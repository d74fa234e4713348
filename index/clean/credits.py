"""Lines that say whose something is: copyright lines with the publisher's name, captions with their credit."""

from __future__ import annotations

import re

from index.clean.phrasebook import Phrases, key
from index.clean.wording import QUOTED, STOPPED, YEAR, runs_on

_SIGN = re.compile(r"©|\(c\)", re.IGNORECASE)
_BRACKET = re.compile(r"[(\[]\s*([^()\[\]]{2,80})\s*[)\]]$")
_SLASHED = re.compile(r"(?:^|(?<=[\s.،,]))([A-Z]{2,}|[^\W\d_]{3,}(?: [^\W\d_]+)?)\s?/\s?[^.]{2,60}$")
_DASHED = re.compile(r"\s[-–—|]\s*([^-–—|]{2,40})\.?$")
_GLUED = re.compile(
    r"(?P<before>.*\S)\s*(?P<mark>المصدر|مصدر الصورة|تصوير|[Ss]ource|[Pp]hoto(?: by)?|[Cc]redit)$"
)
_PERSON_AND_PAPER = re.compile(r"[A-Z][\w.’'-]+(?: [A-Z][\w.’'-]+)+\s?/\s?[A-Z][^/]*")
_ABBREVIATED = re.compile(r" (?:Co|Inc|Ltd|Corp)$")
_SENTENCE = 8
"""A stopped line of so many words is a sentence."""


def copyright_kind(text: str, phrases: Phrases) -> tuple[bool, str | None]:
    """Whether a line is a copyright line, and the publisher it names; with a bare `©` it may be a photo's."""
    if len(text.split()) > 60:
        return False, None
    is_dated, is_signed = bool(YEAR.search(text)), bool(_SIGN.search(text))
    is_stated = _states_rights(text, phrases, is_dated)
    is_bare = text.startswith("©") or ("©" in text and not _is_sentence(text))
    is_stated = is_stated or (is_dated and is_signed and (is_bare or not _is_sentence(text)))
    publisher = _publisher(text, phrases) if is_stated and (is_dated or is_signed) else None
    return is_bare or is_stated, publisher


def _is_sentence(text: str) -> bool:
    return bool(STOPPED.search(text)) and len(text.split()) >= _SENTENCE


def _states_rights(text: str, phrases: Phrases, is_dated: bool) -> bool:
    """A whole clause (`all rights reserved`) at either end, or `Copyright 2025 …`; no sentence about rights."""
    if phrases.closer(text, "copyright") >= 3:
        return True
    clauses = [part.split() for part in re.split(r"[.|]\s*", text) if part]
    opening = [(len(words), phrases.opener(" ".join(words), "copyright")) for words in clauses]
    if any(n >= 3 and (count <= n + 1 or not _is_sentence(text)) and count <= 12 for count, n in opening):
        return True
    dated = is_dated and bool(phrases.opener(text, "copyright")) and "#" in key(text).split()[:4]
    return dated and len(text.split()) <= 15 and not _is_sentence(text)


def _publisher(text: str, phrases: Phrases) -> str | None:
    """The name on a copyright line: what is left without the formula, the year and `شركة`."""
    text = re.sub(r"\(c\)|©|[\d٠-٩]{4}(?:\s*[-–—]\s*[\d٠-٩]{4})?", " | ", text, flags=re.IGNORECASE)
    for piece in re.split(r"\s*[|،,]\s*|\.(?:\s+|$)", text):
        words = piece.split()
        while words and (n := phrases.opener(" ".join(words), "copyright", "copyright_words")):
            words = words[n:]
        while words and (n := phrases.closer(" ".join(words), "copyright", "copyright_words")):
            words = words[:-n]
        if words and words != piece.split() and re.match(r"ل\w{3}", words[0]):  # محفوظة لجامعة …
            words[0] = re.sub(r"^ل(?=ل)", "ا", words[0]) if words[0].startswith("لل") else words[0][1:]
        tails = (i for i in range(1, len(words)) if phrases.opener(" ".join(words[i:]), "publisher_tails"))
        words = words[: next(tails, len(words))]
        name = " ".join(words).strip(" -–—:.")
        if _ABBREVIATED.search(name) and f"{name}." in text:
            name += "."
        if 1 <= len(words) <= 10 and len(name) > 1 and any(map(str.isalpha, name)):
            return name
    return None


def is_caption(text: str, phrases: Phrases) -> bool:
    """Captions and signatures, known by their credit: `… المصدر: (أ ف ب)`, `… (رويترز)`, `REUTERS/Jane Doe`."""
    words = len(text.split())
    if phrases.whole(text.strip("()[]"), "credits"):
        return True
    if words > 45 or (STOPPED.search(text) and not text.endswith((")", "]"))):
        return False
    if _credit_after_mark(text, phrases):
        return True
    if (found := _BRACKET.search(text)) and _PERSON_AND_PAPER.fullmatch(found[1]):
        return True
    for found in (_BRACKET.search(text), _DASHED.search(text)):
        if found and _is_credit(found[1], phrases):
            before = text[: found.start()].strip()
            is_prose = runs_on(text, phrases) or bool(phrases.closer(before, "agency_words"))
            return not is_prose and not (words > 12 and STOPPED.search(before))
    slashed = _SLASHED.search(text)
    return bool(slashed and phrases.whole(slashed[1], "credits"))


def _credit_after_mark(text: str, phrases: Phrases) -> bool:
    """`Photo: Jane Doe`, `صدر الصورة، Getty`, `a captionالمصدر: رويترز`, not `قال المصدر: "لا"`."""
    for mark in re.finditer(r"\s*[:：،,]\s*", text):
        before, credit = text[: mark.start()], text[mark.end() :]
        n = phrases.closer(before, "credit_marks")
        is_whole = n == len(key(before).split()) and n > (0 if ":" in mark[0] else 1)
        if is_whole and not STOPPED.search(credit.strip(")")):
            return len(credit.split()) <= 25
        if not credit or ":" not in mark[0] or QUOTED.search(credit) or len(credit.split()) > 6:
            continue
        glued = _GLUED.search(before)
        if glued and phrases.closer(glued["before"], "speech") == 0 and glued["before"][-1:] not in "وب":
            return True
        if n and (_is_credit(credit, phrases) or STOPPED.search(" ".join(before.split()[:-n]))):
            return True
    return False


def _is_credit(text: str, phrases: Phrases) -> bool:
    """Whether the words in a bracket or behind a dash are a credit or name one: `Photo: AFP`, `رويترز - أرشيفية`."""
    if phrases.opener(text, "credit_marks") and ":" in text:
        return True
    return any(phrases.whole(part, "credits") for part in re.split(r"\s*[/,،|:–—-]\s*", text))
