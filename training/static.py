"""The static part is joined to the averaged model, and both are tuned together.

What a question and its passage share word for word, or by translation, is mostly lost when a transformer of 384
dimensions says what a text means; the mean of the text's piece embeddings keeps it. The sum of both is one embedding of
the same size. Term matching beside meaning in dense vectors: SPAR, Chen et al. 2021 (arXiv 2110.06918), which puts two
encoders side by side; here the second is a bag of the first one's own pieces.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from training import data
from training.average import last, mean_state, mixed
from training.config import Config
from training.crops import CropTask
from training.distil import Ids, token_ids, translation_tasks
from training.initialise import student
from training.loop import Plan, train
from training.losses import contrast
from training.network import (
    device,
    encode,
    load_body,
    load_tokenizer,
    save_folder,
    with_static,
)
from training.rarity import rarity
from training.retrieval import ALIKE, Corpus, QuestionTask, read_corpus, thinned
from training.vocabulary import SPECIAL, read_vocabulary

NEVER = -20.0
"""The logarithm of a weight that does not count."""
LOOKED_AT = 2_000
SEED = 77
"""Added to the recipe's, so that other batches are drawn than in the earlier stages."""


class BagTask:
    """Everything that is known to belong together, by its pieces alone: thousands of texts a step, no transformer.

    Crops and glosses find their paragraph, questions theirs, English questions their answers, sentences and names
    their translations.
    """

    def __init__(self, body: Any, corpus: Corpus, crops: CropTask, config: Config) -> None:
        settings = config.joining
        self._body, self._corpus, self._config = body, corpus, config
        self._crops = crops.with_paragraphs(settings.paragraphs)
        self._tokenizer = load_tokenizer(config.work / "vocabulary", config.retrieval.max_tokens)
        asked = data.known_questions(config)
        self._pairs = [
            (self._ids([q for q, _ in asked]), self._ids([text for _, text in asked]), settings.answers, 1.0),
            (*self._sides(data.sentence_pairs(config)), settings.sentences, 1.0),
            (*self._sides(data.name_pairs(config)), settings.names, 0.6),
        ]

    def _ids(self, texts: Sequence[str]) -> Ids:
        return token_ids(self._tokenizer, texts)

    def _sides(self, pairs: Sequence[data.Pair]) -> tuple[Ids, Ids]:
        return self._ids([pair.known for pair in pairs]), self._ids([pair.added for pair in pairs])

    def __call__(self, number: int) -> torch.Tensor:
        random = np.random.default_rng((self._config.seed, 9, number))
        loss, paragraphs = self._paragraphs(number, random)
        loss = loss + self._questions(paragraphs, random)
        for known, added, size, weight in self._pairs:
            chosen = random.integers(len(known), size=min(size, len(known))).tolist()
            first = self._bags([known[i] for i in chosen], random)
            second = self._bags([added[i] for i in chosen], random)
            right = torch.arange(len(chosen), device=first.device)
            loss = loss + 0.5 * weight * (
                self._found(first, second, right) + self._found(second, first, right)
            )
        return loss

    def _paragraphs(self, number: int, random: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss of crops and glosses, and the paragraphs' embeddings, which questions must not find."""
        batch = self._crops.batch(number)
        passages = self._bags(self._ids([asked.passage for asked in batch]), random)
        most = max(len(asked.queries) for asked in batch)
        loss = torch.zeros((), device=passages.device)
        for nth in range(most):
            owner = [i for i, asked in enumerate(batch) if len(asked.queries) > nth]
            queries = self._bags(self._ids([batch[i].queries[nth] for i in owner]), random)
            loss = loss + self._found(queries, passages, torch.tensor(owner, device=passages.device))
        return loss, passages

    def _questions(self, others: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
        """Questions of passages and of their BM25 neighbours against those and the other paragraphs."""
        corpus, settings = self._corpus, self._config.joining
        count = min(settings.questions, len(corpus.passages))
        seeds = random.choice(len(corpus.passages), size=count, replace=False)
        near = random.permuted(corpus.near[seeds], axis=1)[:, : settings.neighbours]
        chosen = np.unique(np.concatenate([seeds, near.ravel()]))
        passages = self._bags([corpus.passages[i] for i in chosen.tolist()], random)
        digests = corpus.digests[chosen]
        alike = (digests @ digests.T > ALIKE).to(passages.device)
        hidden = torch.cat([alike, alike.new_zeros((len(chosen), len(others)))], dim=1)
        among = torch.cat([passages, others])
        loss = torch.zeros((), device=passages.device)
        for rows, ids in ((corpus.known_rows, corpus.known), (corpus.added_rows, corpus.added)):
            asked = [(question, place) for place, i in enumerate(chosen.tolist()) for question in rows[i]]
            right = torch.tensor([place for _, place in asked], device=passages.device)
            queries = self._bags([ids[question] for question, _ in asked], random)
            loss = loss + self._found(queries, among, right, hidden[right])
        return loss

    def _bags(self, ids: Ids, random: np.random.Generator) -> torch.Tensor:
        kept = [thinned(row, self._config.joining.dropped, random) for row in ids]
        return self._body.static.bags(kept, self._body.get_input_embeddings().weight)  # type: ignore[no-any-return]

    def _found(
        self,
        queries: torch.Tensor,
        candidates: torch.Tensor,
        right: torch.Tensor,
        hidden: torch.Tensor | None = None,
    ) -> torch.Tensor:
        return contrast(queries, candidates, right, self._config.retrieval.temperature, hidden)


def begin_static(body: Any, config: Config, tokenizer: Tokenizer, texts: Sequence[str]) -> None:
    """Gives the body the static part that training starts from.

    Pieces count by their rarity and not at all where they are no words; they are centred by their mean, and gated by
    language. The embeddings are turned so that the directions in which bags of pieces differ most are those in which
    contextual embeddings of the same texts differ least: in a sum of unit vectors the two then disturb each other
    a third as much as in random directions.
    """
    with_static(body).to(device())
    static, table = body.static, body.get_input_embeddings().weight.detach()
    static.log_weights.data = torch.from_numpy(np.log(rarity(config))).to(table.device)
    static.log_weights.data[[tokenizer.token_to_id(piece) for piece in SPECIAL]] = NEVER
    static.centre.data = table.mean(0)
    known = torch.tensor(read_vocabulary(config.work / "vocabulary").base_rows) >= 0
    static.gates = (config.joining.share * torch.where(known, config.joining.known, 1.0)).to(table.device)
    with torch.no_grad():
        seen = encode(body, token_ids(tokenizer, texts), 8_192)
    static.projection.data = _directions(seen.static).flip(1) @ _directions(seen.contextual).T


def looked_at(config: Config) -> list[str]:
    """Passages, their digests and their questions, in both languages: what directions are found in."""
    judged = data.judged_passages(config)[:LOOKED_AT]
    return [
        text for j in judged for text in (j.passage, j.digest, *j.known_queries, *j.added_queries) if text
    ]


def _directions(embeddings: torch.Tensor) -> torch.Tensor:
    """The principal directions (dim, dim) of embeddings (n, dim) as columns, narrowest first."""
    _, directions = torch.linalg.eigh((embeddings.T @ embeddings).double().cpu())
    return directions.float().to(embeddings.device)


def make_joined(config: Config, folder: Path, run: int = 0) -> None:
    """Fills a folder with the checkpoints of the joint tuning; another run draws other batches."""
    config = replace(config, seed=config.seed + SEED + run)
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    tokenizer = load_tokenizer(config.work / "vocabulary", config.retrieval.max_tokens)
    corpus = read_corpus(config)
    body = load_body(config.work / "average" / "float").to(device()).train()
    begin_static(body, config, tokenizer, looked_at(config))
    torch.save({name: tensor.half() for name, tensor in body.state_dict().items()}, folder / "begun.pt")
    with torch.no_grad():
        bank = encode(body, corpus.passages, 8_192).whole.cpu()
    state = {"bank": bank}
    tasks = translation_tasks(config, body)
    tasks["Q"] = QuestionTask(body, corpus, config, state)
    tasks["A"] = crops = CropTask(body, config, state)
    tasks["B"] = BagTask(body, corpus, crops, config)
    train(body, Plan.of(config.joining), tasks, folder, state)


def make_joined_average(config: Config, folder: Path) -> None:
    """Fills a folder with the mean of the joint runs' last checkpoints and of where they began, float32.

    The static embeddings are turned anew, for the tuned model. All embeddings are then turned so that the first
    dimensions hold as much of them as can be (their principal directions): whole ones are as near each other as
    before, cut ones nearly so.
    """
    settings, work = config.joining, config.work
    torch.set_num_threads(config.threads)
    runs = [mean_state(last(work / name, settings.last)) for name in ("joined", "joined-again")]
    begun = mean_state([work / "joined" / "begun.pt"])
    share = (1 - settings.begun) / len(runs)
    state = mixed([*runs, begun], [*(share for _ in runs), settings.begun])
    body = student(config, state).to(device()).eval()
    corpus = read_corpus(config)
    body.static.projection.data = _agreeing(body, corpus)
    with torch.no_grad():
        seen = encode(body, [*corpus.passages[::5], *corpus.known[::5], *corpus.added[::5]], 8_192).whole
    turn = _directions(seen).flip(1)
    body.static.projection.data, body.static.rotation.data = body.static.projection.data @ turn, turn
    tokenizer = (work / "vocabulary" / "tokenizer.json").read_text("utf-8")
    save_folder(body.cpu(), tokenizer, folder / "float")


def _agreeing(body: Any, corpus: Corpus) -> torch.Tensor:
    """The rotation (dim, dim) of static embeddings that keeps them apart from contextual ones, its signs chosen.

    What is left of the one in the direction of the other then speaks for a question's own passage, not against it.
    """
    dim = len(body.static.centre)
    body.static.projection.data = torch.eye(dim, device=body.static.centre.device)
    with torch.no_grad():
        passages = encode(body, corpus.passages, 8_192)
        known, added = encode(body, corpus.known, 8_192), encode(body, corpus.added, 8_192)
    static = _directions(torch.cat([passages.static, known.static, added.static])).flip(1)
    contextual = _directions(torch.cat([passages.contextual, known.contextual, added.contextual]))

    def agreement(owner: torch.Tensor) -> torch.Tensor:
        words, meaning = passages.static[owner] @ static, passages.contextual[owner] @ contextual
        return ((known.contextual @ contextual) * words + (known.static @ static) * meaning).mean(0)

    another = (corpus.owner + 1) % len(corpus.passages)
    signs = torch.sign(agreement(corpus.owner) - agreement(another))
    return (static * signs) @ contextual.T
