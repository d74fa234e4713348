"""The encoder while it is trained: a BERT body with mean pooling, run in chunks of like length."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

Float = NDArray[np.float32]


def load_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    """The tokenizer of a model folder, truncating at `max_tokens`, without padding."""
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def load_body(folder: Path) -> Any:
    """The transformer of a folder, in float32 and without dropout.

    Attention is written out ("eager"): on a CPU its backward pass is about a quarter faster than the
    fused kernel's at these lengths.
    """
    from transformers import AutoModel

    body = AutoModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    for module in body.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return body


def device() -> torch.device:
    """The GPU when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@lru_cache(maxsize=1)
def has_bf16() -> bool:
    """Whether this machine multiplies bfloat16 in hardware."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    try:
        return (
            "avx512_bf16" in Path("/proc/cpuinfo").read_text()
            or "amx_bf16" in Path("/proc/cpuinfo").read_text()
        )
    except OSError:
        return False


def chunks(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Positions grouped by like length, longest first, each group at most `budget` tokens with padding."""
    ordered = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    start = 0
    while start < len(ordered):
        size = max(1, budget // max(1, lengths[ordered[start]]))
        yield ordered[start : start + size]
        start += size


def pooled(body: Any, ids: Sequence[Sequence[int]], table: torch.Tensor | None = None) -> torch.Tensor:
    """Mean of the last hidden states over one chunk's real tokens, unit length: (n, dim) float32.

    With `table` (pieces, dim) the ids are its rows, and token embeddings are taken from it.
    """
    longest = max(len(row) for row in ids)
    place = next(body.parameters()).device
    padded = torch.zeros((len(ids), longest), dtype=torch.long)
    mask = torch.zeros((len(ids), longest), dtype=torch.long)
    for i, row in enumerate(ids):
        padded[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    padded, mask = padded.to(place), mask.to(place)
    with torch.autocast(place.type, dtype=torch.bfloat16, enabled=has_bf16()):
        tokens = {"input_ids": padded} if table is None else {"inputs_embeds": table[padded]}
        hidden = body(**tokens, attention_mask=mask).last_hidden_state
    weights = mask.unsqueeze(-1).float()
    mean = (hidden.float() * weights).sum(1) / weights.sum(1)
    return torch.nn.functional.normalize(mean, dim=-1)


class _Chunked(torch.autograd.Function):
    """All chunks of a step, forward and backward each in a pool of one-threaded workers.

    Workers take the next chunk when they are free, so a core that other programs slow down does less and
    never holds the other up; the order in which gradients are added is then not fixed, only their sum.
    """

    @staticmethod
    def forward(ctx: Any, anchor: torch.Tensor, work: "_Work") -> torch.Tensor:
        ctx.work = work
        parts = list(work.pool.map(work.forward, work.groups))
        ctx.parts = parts
        return work.in_order(torch.cat([part.detach() for part in parts]))

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[None, None]:
        work, groups = ctx.work, ctx.work.groups
        parts = [gradient[group] for group in groups]
        list(work.pool.map(lambda pair: torch.autograd.backward(*pair), zip(ctx.parts, parts, strict=True)))
        work.add_token_gradient()
        return None, None


class _Work:
    """One step's rows: their distinct tokens' embeddings, taken once, and the groups they are run in."""

    def __init__(
        self, body: Any, ids: Sequence[Sequence[int]], budget: int, pool: ThreadPoolExecutor
    ) -> None:
        self.pool, self._body = pool, body
        self.groups = list(chunks([len(row) for row in ids], budget))
        self._weight = body.get_input_embeddings().weight
        self._distinct = sorted({i for row in ids for i in row} | {0})
        number = {piece: row for row, piece in enumerate(self._distinct)}
        self._rows = [[number[i] for i in row] for row in ids]
        self._table = self._weight.detach()[self._distinct].requires_grad_()

    def forward(self, group: list[int]) -> torch.Tensor:
        """The embeddings of one group, with their graph."""
        return pooled(self._body, [self._rows[i] for i in group], self._table)

    def plain(self, group: list[int]) -> torch.Tensor:
        """The embeddings of one group without a graph."""
        with torch.no_grad():
            return self.forward(group)

    def in_order(self, parts: torch.Tensor) -> torch.Tensor:
        """Concatenated groups put back into the order of the rows."""
        back = torch.empty(len(parts), dtype=torch.long)
        back[torch.tensor([i for group in self.groups for i in group])] = torch.arange(len(parts))
        return parts[back.to(parts.device)]

    def add_token_gradient(self) -> None:
        """Adds the distinct tokens' gradient to that of the whole table."""
        if self._weight.grad is None:
            self._weight.grad = torch.zeros_like(self._weight)
        assert self._table.grad is not None
        rows = torch.tensor(self._distinct, device=self._weight.device)
        self._weight.grad.index_add_(0, rows, self._table.grad)


@lru_cache(maxsize=1)
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))


def encode(body: Any, ids: Sequence[Sequence[int]], budget: int) -> torch.Tensor:
    """Unit embeddings (n, dim) of token ids in the given order; with their graph where gradients are on.

    Chunks of `budget` tokens run side by side on as many workers as torch has threads.
    """
    work = _Work(body, ids, budget, _pool(torch.get_num_threads()))
    if torch.is_grad_enabled():
        anchor = body.get_input_embeddings().weight
        return cast(torch.Tensor, _Chunked.apply(anchor, work))  # type: ignore[no-untyped-call]
    with torch.no_grad():
        return work.in_order(torch.cat(list(work.pool.map(work.plain, work.groups))))


def embed(body: Any, tokenizer: Tokenizer, texts: Sequence[str], budget: int = 8_192) -> Float:
    """Unit float32 embeddings (n, dim) of texts, without a graph; (0, dim) for no text."""
    if not texts:
        return np.zeros((0, int(body.config.hidden_size)), dtype=np.float32)
    ids = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    with torch.no_grad():
        return encode(body, ids, budget).cpu().numpy()


def save_folder(body: Any, tokenizer_json: str, folder: Path) -> None:
    """A standard sentence-transformers folder: float32 weights, tokenizer, mean pooling, normalisation."""
    folder.mkdir(parents=True, exist_ok=True)
    body.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(tokenizer_json, "utf-8")
    special = {f"{n}_token": f"[{n.upper()}]" for n in ("pad", "unk", "cls", "sep", "mask")}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 256, **special}
    dim = int(body.config.hidden_size)
    pooling = {"word_embedding_dimension": dim, "pooling_mode_mean_tokens": True, "include_prompt": True}
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ]
    files: dict[str, object] = {
        "tokenizer_config.json": settings,
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": 256, "do_lower_case": False},
        "1_Pooling/config.json": pooling,
        "config_sentence_transformers.json": {"similarity_fn_name": "cosine"},
    }
    for name, value in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(value, indent=2), "utf-8")
    (folder / "2_Normalize").mkdir(exist_ok=True)
