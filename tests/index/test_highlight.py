"""The sentence that answers and its words, as spans into the passage."""

from __future__ import annotations

from index.highlight import ENCODED, Highlighter
from index.terms import wanted
from index.translation import Translations
from index.types import Span, Term
from tests.fakes import ConceptEncoder


def marked(text: str, question: str, *, spellings: tuple[str, ...] = ()) -> list[str]:
    """What is marked of the text, the sentence first."""
    terms = wanted(question, Translations({}), lambda _: list(spellings)).terms
    embedding = ConceptEncoder().encode_queries([question])[0]
    (spans,) = Highlighter(ConceptEncoder()).spans([text], terms, (), embedding)
    return [text[span.start : span.end] for span in spans]


def test_the_sentence_with_the_words_is_marked_and_they_in_it() -> None:
    text = "We met in May. The treaty was signed in Astana. Then we left."
    assert marked(text, "Where was the treaty signed?") == [
        "The treaty was signed in Astana.",
        "treaty",
        "signed",
    ]


def test_a_rare_word_outweighs_two_common_ones() -> None:
    text = "Water and law. Boeing."
    terms = wanted("water law Boeing", Translations({}), lambda _: []).terms
    (spans,) = Highlighter(ConceptEncoder()).spans([text], terms, (1.0, 1.0, 3.0), None)
    assert spans == (Span(15, 22), Span(15, 21))


def test_arabic_offsets_are_code_points_of_the_original() -> None:
    text = "بدأ الاجتماع. وَصَلَ الرَّئِيسُ إلى المدينة."
    assert marked(text, "متى وصل رئيس") == ["وَصَلَ الرَّئِيسُ إلى المدينة.", "وَصَلَ", "الرَّئِيسُ"]


def test_a_name_in_the_other_script_is_marked() -> None:
    assert marked("قال الوزير ذلك. رحب توكاييف به.", "Tokayev", spellings=("توكاييف",)) == [
        "رحب توكاييف به.",
        "توكاييف",
    ]


def test_where_no_word_is_found_the_encoder_decides() -> None:
    assert marked("المياه شحيحة. انعقدت القمة أمس.", "summit") == ["انعقدت القمة أمس."]


def test_the_encoder_decides_on_the_first_passages_alone() -> None:
    encoder = ConceptEncoder()
    texts = [f"Number {number}. Rain fell. The summit met." for number in range(ENCODED)]
    terms = wanted("ministers Rain", Translations({}), lambda _: []).terms[:1]
    question = encoder.encode_queries(["summit"])[0]
    found = Highlighter(encoder).spans([*texts, "Ministers. Rain."], terms, (), question)
    said = [
        [text[span.start : span.end] for span in spans] for text, spans in zip(texts, found, strict=False)
    ]
    assert said == [["The summit met."]] * (ENCODED // 3) + [[]] * (ENCODED - ENCODED // 3)
    assert found[-1] == (Span(0, 10), Span(0, 9))  # a word decides, however late
    assert len(encoder.encoded) == ENCODED // 3 + 2  # no sentence twice


def test_without_an_embedding_the_first_sentence_stands() -> None:
    terms = (Term({"x": 1.0}, {}),)
    (spans,) = Highlighter(ConceptEncoder()).spans(["One. Two."], terms, (1.0,), None)
    assert spans == (Span(0, 4),)


def test_a_blank_passage_has_no_sentence() -> None:
    assert Highlighter(ConceptEncoder()).spans([" \n"], (), (), None) == [()]


def test_words_are_in_order_and_within_the_sentence() -> None:
    text = "Law, water, law. Water, law, trade and law; the law."
    terms = wanted("law trade", Translations({}), lambda _: []).terms
    (spans,) = Highlighter(ConceptEncoder()).spans([text], terms, (), None)
    assert spans[0] == Span(17, len(text))
    assert [text[s.start : s.end] for s in spans[1:]] == ["law", "trade", "law", "law"]
    assert all(spans[0].start <= span.start < span.end <= spans[0].end for span in spans)
