"""The mean of the last checkpoints, saved as a float sentence-transformers folder."""

from pathlib import Path

import torch

from training.config import Config
from training.initialise import load_student
from training.loop import checkpoints
from training.network import save_folder

State = dict[str, torch.Tensor]


def mean_state(paths: list[Path]) -> State:
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


def make_average(config: Config, folder: Path) -> None:
    """Fills a folder with the averaged model in float32: the version that is not in the repository."""
    state = mean_state(list(checkpoints(config.work / "tuned"))[-config.averaging.last :])
    torch.save(state, folder / "weights.pt")
    body = load_student(config, folder / "weights.pt")
    (folder / "weights.pt").unlink()
    tokenizer = (config.work / "vocabulary" / "tokenizer.json").read_text("utf-8")
    save_folder(body, tokenizer, folder / "float")
