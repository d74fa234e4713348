"""The mean of checkpoints of several runs, saved as a float sentence-transformers folder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from training.config import Config
from training.initialise import student
from training.loop import checkpoints
from training.network import save_folder
from training.rarity import rarity

State = dict[str, torch.Tensor]


def mean_state(paths: Sequence[Path]) -> State:
    """The equal-weight mean of checkpoints, float32. Raises ValueError when there is none.

    Weight averaging along one run (Izmailov et al. 2018, arXiv 1803.05407).
    """
    if not paths:
        raise ValueError("no checkpoints to average: has the retrieval stage been run?")
    total: State = {}
    for path in paths:
        for name, tensor in torch.load(path, map_location="cpu", weights_only=True).items():
            total[name] = total[name] + tensor.float() if name in total else tensor.float()
    return {name: tensor / len(paths) for name, tensor in total.items()}


def mixed(states: Sequence[State], shares: Sequence[float]) -> State:
    """The mean of states by shares that sum to 1: runs from one beginning lie in one basin (arXiv 2203.05482)."""
    return {
        name: sum(
            (share * state[name] for state, share in zip(states, shares, strict=True)), torch.tensor(0.0)
        )
        for name in states[0]
    }


def make_average(config: Config, folder: Path) -> None:
    """Fills a folder with the averaged model in float32: the version that is not in the repository."""
    settings, work = config.averaging, config.work
    runs = [mean_state(last(work / name, settings.last)) for name in ("tuned", "tuned-again")]
    begun = mean_state(last(work / "lexical", settings.begun_last))
    share = (1 - settings.begun - settings.untrained) / len(runs)
    state = mixed(
        [*runs, begun, mean_state([work / "student" / "weights.pt"])],
        [*(share for _ in runs), settings.begun, settings.untrained],
    )
    state["token_weights"] += torch.from_numpy(settings.rarity * np.log(rarity(config)))
    tokenizer = (work / "vocabulary" / "tokenizer.json").read_text("utf-8")
    save_folder(student(config, state), tokenizer, folder / "float")


def last(folder: Path, count: int) -> list[Path]:
    """The last so many checkpoints of a stage, earliest first."""
    return list(checkpoints(folder))[-count:]
