"""The training loop: steps by a fixed cycle, checkpoints that hold everything, resumable anywhere."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from training.config import Distillation, Joining, Lexical, Optimiser, Retrieval

Loss = Callable[[int], torch.Tensor]
RUNNING = "running.pt"


class Sampler:
    """Endless batches over n things, each epoch in a fresh order that follows from seed and epoch.

    Stateless: the batch of a draw follows from its number, so a resumed run draws the same batches.
    """

    def __init__(self, size: int, batch: int, seed: int) -> None:
        self._size, self._batch, self._seed = size, min(batch, size), seed
        self._per_epoch = max(1, size // self._batch)
        self._epoch, self._permutation = -1, np.zeros(0, dtype=np.int64)

    def draw(self, number: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The positions of batch `number` (0, 1, …)."""
        epoch, place = divmod(number, self._per_epoch)
        if epoch != self._epoch:
            self._epoch = epoch
            self._permutation = np.random.default_rng((self._seed, epoch)).permutation(self._size)
        return self._permutation[place * self._batch : (place + 1) * self._batch]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many steps, which kind each one is, and how often all is saved."""

    steps: int
    cycle: str
    save_every: int
    optimiser: Optimiser

    @classmethod
    def of(cls, settings: Distillation | Lexical | Retrieval | Joining) -> "Plan":
        """The plan of a training stage's settings."""
        return cls(settings.steps, settings.cycle, settings.save_every, settings.optimiser)

    def kind(self, step: int) -> str:
        """The letter of a step's task."""
        return self.cycle[step % len(self.cycle)]

    def number(self, step: int) -> int:
        """How many steps of the same kind came before this one."""
        rounds, place = divmod(step, len(self.cycle))
        kind = self.cycle[place]
        return rounds * self.cycle.count(kind) + self.cycle[:place].count(kind)

    def rate(self, step: int) -> float:
        """The share of the full learning rate: linear up over the warm-up, linear down to the floor."""
        warm = min(1.0, (step + 1) / max(1, self.optimiser.warmup))
        left = 1.0 - step / max(1, self.steps)
        return warm * max(self.optimiser.floor, left)


def optimiser(body: Any, settings: Optimiser) -> torch.optim.AdamW:
    """AdamW over three groups: the token embeddings and the token weights (no decay), and the rest."""
    tables, weights = [body.get_input_embeddings().weight], [body.token_weights]
    if body.static is not None:
        tables.append(body.static.centre)
        weights.append(body.static.log_weights)
    apart = {id(parameter) for parameter in tables + weights}
    rest = [p for p in body.parameters() if id(p) not in apart and p.requires_grad]
    groups = [
        {"params": tables, "full": settings.embedding_rate, "weight_decay": 0.0},
        {"params": weights, "full": settings.weight_rate, "weight_decay": 0.0},
        {"params": rest, "full": settings.body_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=settings.weight_decay, betas=(0.9, 0.98), fused=True)


def train(body: Any, plan: Plan, losses: dict[str, Loss], folder: Path, state: dict[str, Any]) -> None:
    """Runs the plan's steps that are not yet done; leaves step-N.pt (float16) at every save.

    `state` holds tensors that the losses keep between steps (a bank); it is saved and restored too.
    `losses[kind](number)` gives the loss of the number-th step of a kind.
    """
    adam = optimiser(body, plan.optimiser)
    begin = _restore(body, adam, folder, state)
    for (
        parameter
    ) in body.parameters():  # a step that leaves a part out still moves it by what it was moving before
        if parameter.requires_grad:
            parameter.grad = torch.zeros_like(parameter)
    with _progress() as progress:
        task = progress.add_task(folder.name, total=plan.steps, completed=begin)
        for step in range(begin, plan.steps):
            for group in adam.param_groups:
                group["lr"] = group["full"] * plan.rate(step)
            kind = plan.kind(step)
            loss = losses[kind](plan.number(step))
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(body.parameters(), plan.optimiser.clip)
            adam.step()
            adam.zero_grad(set_to_none=False)
            with (folder / "losses.tsv").open("a", encoding="utf-8") as log:
                log.write(f"{step}\t{kind}\t{float(loss.detach()):.4f}\n")
            progress.update(task, advance=1, description=f"{folder.name} {kind} {float(loss.detach()):.3f}")
            if (step + 1) % plan.save_every == 0 or step + 1 == plan.steps:
                _save(body, adam, step + 1, folder, state)


def checkpoints(folder: Path) -> Iterator[Path]:
    """The kept weights of a stage, earliest first."""
    yield from sorted(folder.glob("step-*.pt"), key=lambda path: int(path.stem.split("-")[1]))


def _save(body: Any, adam: torch.optim.AdamW, step: int, folder: Path, state: dict[str, Any]) -> None:
    weights = {name: tensor.half() for name, tensor in body.state_dict().items()}
    torch.save(weights, folder / f"step-{step}.pt")
    running = {"body": body.state_dict(), "adam": adam.state_dict(), "step": step, "state": state}
    torch.save(running, folder / (RUNNING + ".new"))
    (folder / (RUNNING + ".new")).replace(folder / RUNNING)


def _restore(body: Any, adam: torch.optim.AdamW, folder: Path, state: dict[str, Any]) -> int:
    path = folder / RUNNING
    if not path.exists():
        return 0
    running = torch.load(path, map_location="cpu", weights_only=True)
    body.load_state_dict(running["body"])
    adam.load_state_dict(running["adam"])
    state.update(running["state"])
    return int(running["step"])


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )
