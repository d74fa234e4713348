"""Schedules, batches and losses, by hand."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from scipy import sparse

from training.config import Optimiser
from training.crops import crop
from training.glosses import Glossary
from training.initialise import initial_embeddings
from training.loop import Plan, Sampler
from training.losses import contrast, nested, pull
from training.network import chunks
from training.retrieval import thinned

pytestmark = pytest.mark.slow
PLAN = Plan(steps=10, cycle="PNP", save_every=5, optimiser=Optimiser(warmup=2, floor=0.1))


def test_the_cycle_numbers_the_steps_of_each_kind() -> None:
    assert [(PLAN.kind(s), PLAN.number(s)) for s in range(5)] == [
        ("P", 0),
        ("N", 0),
        ("P", 1),
        ("P", 2),
        ("N", 1),
    ]


def test_the_rate_rises_over_the_warm_up_and_falls_to_the_floor() -> None:
    assert [round(PLAN.rate(s), 2) for s in (0, 1, 2, 5, 9, 10)] == [0.5, 0.9, 0.8, 0.5, 0.1, 0.1]


def test_an_epoch_draws_everything_once_and_the_next_in_another_order() -> None:
    sampler = Sampler(10, 5, seed=1)
    first = [*sampler.draw(0), *sampler.draw(1)]
    second = [*sampler.draw(2), *sampler.draw(3)]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert Sampler(10, 5, seed=1).draw(3).tolist() == second[5:]


def test_chunks_hold_like_lengths_within_the_budget() -> None:
    assert list(chunks([2, 9, 3, 8], 18)) == [[1, 3], [2, 0]]


def test_a_longer_text_than_the_budget_is_a_chunk_of_its_own() -> None:
    assert list(chunks([30, 4], 10)) == [[0], [1]]


def test_hidden_candidates_do_not_count_as_wrong() -> None:
    queries = torch.tensor([[1.0, 0.0]])
    candidates = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    right = torch.tensor([0])
    assert contrast(queries, candidates, right, 1.0).item() == pytest.approx(np.log(2))
    hidden = torch.tensor([[True, True]])
    assert contrast(queries, candidates, right, 1.0, hidden).item() == pytest.approx(0.0)


def test_nested_contrast_adds_the_first_dimensions() -> None:
    queries, right = torch.tensor([[1.0, 0.0], [0.6, 0.8]]), torch.tensor([0, 1])
    whole = contrast(queries, queries, right, 0.5).item()
    part = nested(queries, queries, right, 0.5, None, [(1, 0.5)]).item()
    assert part == pytest.approx(whole + 0.5 * np.log(2))


def test_the_same_embeddings_pull_no_more() -> None:
    same = torch.tensor([[0.6, 0.8]])
    assert pull(same, same).item() == pytest.approx(0.0)


def test_thinning_keeps_the_ends() -> None:
    random = np.random.default_rng(0)
    assert thinned([1, 2, 3, 4], 1.0, random) == [1, 4]
    assert thinned([1, 2, 3, 4], 0.0, random) == [1, 2, 3, 4]


def test_a_crop_asks_with_words_of_its_paragraph() -> None:
    paragraph = "اجتمع الوزراء في تونس اليوم. ناقش المجلس خطة السكك الحديدية الجديدة. وينتظر القرار غدا."
    for seed in range(30):
        query, passage = crop(paragraph, np.random.default_rng(seed))
        assert query
        assert set(query.split()) <= set(paragraph.split())
        assert set(passage.split()) <= set(paragraph.split())


GLOSSARY = Glossary(
    by_word={"وزاره": [("ministry", 1.0)], "تونس": [("tunis", 1.0)]},
    by_stem={"قطار": [("train", 1.0)]},
    rarity={"وزار": 1.0, "تونس": 2.0, "قطار": 3.0, "2017": 2.0, "سفر": 1.0},
)


def test_a_gloss_is_the_translated_rarer_words_in_the_order_of_the_text() -> None:
    text = "أعلنت وزارة السفر في تونس أن القطارات تعود سنة ٢٠١٧"
    glosses = {GLOSSARY.gloss(text, np.random.default_rng(seed)) for seed in range(20)}
    whole = ["ministry", "tunis", "train", "2017"]
    assert " ".join(whole) in glosses
    assert all(gloss.split() == [w for w in whole if w in gloss.split()] for gloss in glosses)


def test_a_text_without_known_words_has_no_gloss() -> None:
    assert GLOSSARY.gloss("كلمات لا يعرفها أحد", np.random.default_rng(0)) == ""


def test_a_new_piece_starts_as_the_weighted_mean_of_its_translations() -> None:
    base = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    translated = sparse.csr_matrix(([0.25, 0.75], ([2, 2], [0, 1])), shape=(4, 4))
    start = initial_embeddings(base, [0, 1, -1, -1], translated)
    assert start.tolist() == [[1.0, 0.0], [0.0, 1.0], [0.25, 0.75], [0.25, 0.75]]
