"""The encoder while it is trained: a BERT body with mean pooling and a static part, run in chunks of like length."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn.functional import embedding_bag, normalize

from index.encoder.export import STATIC_PART, WORD_WEIGHTS, write_modules

Float = NDArray[np.float32]


def load_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    """The tokenizer of a model folder, truncating at `max_tokens`, without padding."""
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


class Embedded(NamedTuple):
    """Unit embeddings of texts (n, dim): the whole, what the transformer says, and what the pieces alone say.

    Of a body without a static part the whole is the contextual embedding, and `static` is zero.
    """

    whole: torch.Tensor
    contextual: torch.Tensor
    static: torch.Tensor


def said_by_pieces(
    rows: torch.Tensor,
    weights: torch.Tensor,
    gates: torch.Tensor,
    centre: torch.Tensor,
    projection: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """What `StaticPart` gives, of arrays: training reads them from its parameters, the served graph holds its own."""
    total = weights.sum(1).clamp(min=1e-9)
    summed = ((rows - centre) * weights).sum(1)
    share = (gates * weights).sum(1) / total
    return normalize(summed, dim=-1) @ projection, share


class StaticPart(torch.nn.Module):
    """The mean of a text's piece embeddings, without the transformer: words themselves, in either language.

    Each piece counts exp(log_weights) (pieces,) times, `centre` (dim,) is taken away from it, and the mean, at unit
    length, is turned by `projection` (dim, dim). It is added to the contextual embedding, turned by `rotation`
    (dim, dim), `gates` (pieces,) times: the weighted mean of its pieces' gates.
    """

    gates: torch.Tensor

    def __init__(self, pieces: int, dim: int) -> None:
        super().__init__()
        self.log_weights = torch.nn.Parameter(torch.zeros(pieces))
        self.centre = torch.nn.Parameter(torch.zeros(dim))
        self.projection = torch.nn.Parameter(torch.eye(dim), requires_grad=False)
        self.rotation = torch.nn.Parameter(torch.eye(dim), requires_grad=False)
        self.register_buffer("gates", torch.ones(pieces))

    def forward(
        self, rows: torch.Tensor, weights: torch.Tensor, gates: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Unit static embeddings (n, dim) and how much of each is added (n, 1).

        Of padded token embeddings (n, length, dim), weights and gates (n, length, 1), the weights zero on padding.
        """
        return said_by_pieces(rows, weights, gates, self.centre, self.projection)

    def bags(self, ids: Sequence[Sequence[int]], table: torch.Tensor) -> torch.Tensor:
        """Unit static embeddings (n, dim), before they are turned, of token ids over the token embeddings.

        Without padding and without the transformer: thousands of texts in the time of a chunk.
        """
        place = table.device
        flat = torch.tensor([i for row in ids for i in row], device=place)
        lengths = torch.tensor([len(row) for row in ids], device=place)
        weights = self.log_weights[flat].exp()
        summed = embedding_bag(
            flat, table, lengths.cumsum(0) - lengths, mode="sum", per_sample_weights=weights
        )
        owner = torch.repeat_interleave(torch.arange(len(ids), device=place), lengths)
        total = torch.zeros(len(ids), device=place).index_add(0, owner, weights)
        return normalize(summed - total.unsqueeze(-1) * self.centre, dim=-1)


def load_body(folder: Path) -> Any:
    """The transformer of a folder, in float32 and without dropout, with a weight for each piece.

    `token_weights` (pieces,) holds logarithms: a piece counts exp(weight) times in the mean, 1 where the folder says
    nothing. Attention is written out ("eager"): on a CPU its backward pass is about a quarter faster than the
    fused kernel's at these lengths.
    """
    from transformers import AutoModel

    body = AutoModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    for module in body.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    weighted(body)
    file = folder / WORD_WEIGHTS / "model.safetensors"
    if file.exists():
        saved = load_file(file)["emb_layer.weight"]
        body.token_weights.data = saved.squeeze(1).log()
    file = folder / STATIC_PART / "model.safetensors"
    if file.exists():
        with_static(body).static.load_state_dict(
            {name: tensor for name, tensor in load_file(file).items() if name != "embeddings"}
        )
    return body


def weighted(body: Any) -> Any:
    """The body with a token weight of 1 for each piece of its vocabulary, and no static part."""
    pieces = len(body.get_input_embeddings().weight)
    body.token_weights = torch.nn.Parameter(torch.zeros(pieces))
    body.static = None
    return body


def with_static(body: Any) -> Any:
    """The body with a static part in which every piece counts alike."""
    body.static = StaticPart(*body.get_input_embeddings().weight.shape)
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


def pooled(body: Any, ids: Sequence[Sequence[int]], pieces: Sequence[torch.Tensor]) -> torch.Tensor:
    """The embeddings of one chunk side by side, float32 (n, 3 · dim): whole, contextual, static.

    The ids are rows of `pieces`: token embeddings (pieces, dim), logarithms of token weights (pieces,), and of a
    static part its logarithms and gates.
    """
    table, log_weights, *static = pieces
    longest = max(len(row) for row in ids)
    place = next(body.parameters()).device
    padded = torch.zeros((len(ids), longest), dtype=torch.long)
    mask = torch.zeros((len(ids), longest), dtype=torch.long)
    for i, row in enumerate(ids):
        padded[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    padded, mask = padded.to(place), mask.to(place)
    rows = table[padded]
    with torch.autocast(place.type, dtype=torch.bfloat16, enabled=has_bf16()):
        hidden = body(inputs_embeds=rows, attention_mask=mask).last_hidden_state
    weights = (mask.float() * log_weights[padded].exp()).unsqueeze(-1)
    contextual = normalize((hidden.float() * weights).sum(1) / weights.sum(1), dim=-1)
    if not static:
        return torch.cat([contextual, contextual, torch.zeros_like(contextual)], dim=1)
    static_logs, gates = static
    weights = (mask.float() * static_logs[padded].exp()).unsqueeze(-1)
    words, share = body.static(rows, weights, gates[padded].unsqueeze(-1))
    whole = normalize(contextual @ body.static.rotation + share * words, dim=-1)
    return torch.cat([whole, contextual, words], dim=1)


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
        work.add_token_gradients()
        return None, None


class _Work:
    """One step's rows: their distinct tokens' embeddings and weights, taken once, and the groups they are run in."""

    def __init__(
        self, body: Any, ids: Sequence[Sequence[int]], budget: int, pool: ThreadPoolExecutor
    ) -> None:
        self.pool, self._body = pool, body
        self.groups = list(chunks([len(row) for row in ids], budget))
        self._whole = [body.get_input_embeddings().weight, body.token_weights]
        if body.static is not None:
            self._whole += [body.static.log_weights, body.static.gates]
        self._distinct = sorted({i for row in ids for i in row} | {0})
        number = {piece: row for row, piece in enumerate(self._distinct)}
        self._rows = [[number[i] for i in row] for row in ids]
        self._parts = [
            whole.detach()[self._distinct].requires_grad_(whole.requires_grad) for whole in self._whole
        ]

    def forward(self, group: list[int]) -> torch.Tensor:
        """The embeddings of one group, with their graph."""
        return pooled(self._body, [self._rows[i] for i in group], self._parts)

    def plain(self, group: list[int]) -> torch.Tensor:
        """The embeddings of one group without a graph."""
        with torch.no_grad():
            return self.forward(group)

    def in_order(self, parts: torch.Tensor) -> torch.Tensor:
        """Concatenated groups put back into the order of the rows."""
        back = torch.empty(len(parts), dtype=torch.long)
        back[torch.tensor([i for group in self.groups for i in group])] = torch.arange(len(parts))
        return parts[back.to(parts.device)]

    def add_token_gradients(self) -> None:
        """Adds the distinct tokens' gradients to those of all pieces."""
        for whole, part in zip(self._whole, self._parts, strict=True):
            if (
                part.grad is None
            ):  # gates are not learnt, and no static part where only the contextual is asked for
                continue
            if whole.grad is None:
                whole.grad = torch.zeros_like(whole)
            whole.grad.index_add_(0, torch.tensor(self._distinct, device=whole.device), part.grad)


@lru_cache(maxsize=1)
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))


def encode(body: Any, ids: Sequence[Sequence[int]], budget: int) -> Embedded:
    """Unit embeddings (n, dim) of token ids in the given order; with their graph where gradients are on.

    Chunks of `budget` tokens run side by side on as many workers as torch has threads.
    """
    work = _Work(body, ids, budget, _pool(torch.get_num_threads()))
    if torch.is_grad_enabled():
        anchor = body.get_input_embeddings().weight
        every = cast(torch.Tensor, _Chunked.apply(anchor, work))  # type: ignore[no-untyped-call]
    else:
        every = work.in_order(torch.cat(list(work.pool.map(work.plain, work.groups))))
    return Embedded(*every.chunk(3, dim=1))


def embed(body: Any, tokenizer: Tokenizer, texts: Sequence[str], budget: int = 8_192) -> Float:
    """Unit float32 embeddings (n, dim) of texts, without a graph; (0, dim) for no text."""
    if not texts:
        return np.zeros((0, int(body.config.hidden_size)), dtype=np.float32)
    ids = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    with torch.no_grad():
        return encode(body, ids, budget).whole.cpu().numpy()


def save_folder(body: Any, tokenizer_json: str, folder: Path) -> None:
    """A sentence-transformers folder: float32 weights, tokenizer, weighted mean, static part, normalisation."""
    folder.mkdir(parents=True, exist_ok=True)
    state = body.state_dict()
    weights = state.pop("token_weights").exp()
    static = {name: state.pop(name) for name in list(state) if name.startswith("static.")}
    body.save_pretrained(folder, state_dict=state)
    (folder / "tokenizer.json").write_text(tokenizer_json, "utf-8")
    parts = {name.removeprefix("static."): tensor.numpy() for name, tensor in static.items()}
    write_modules(folder, weights.numpy(), parts, int(body.config.hidden_size), 256)
