"""The model card: written around the figures of the evaluation stage, so that none is typed by hand."""

import shutil
from pathlib import Path

from training.config import Config
from training.evaluate import Figures
from training.measures import Measure
from training.report import FILE, read_figures

TEXT = Path(__file__).parent / "card.md"
ORDER = ("int8", "first", "BM25", "teacher")
TITLES = {
    "int8": "this model",
    "first": "the first model",
    "BM25": "BM25",
    "teacher": "teacher (English only)",
}


def cell(measure: Measure | None) -> str:
    """A figure with its interval, or a dash where a system was not measured."""
    return "–" if measure is None else str(measure)


def ranking_rows(found: dict[str, Figures]) -> list[str]:
    """One row a set and system: Recall@1, @5 and nDCG@10."""
    rows = ["| set | questions | system | Recall@1 | Recall@5 | nDCG@10 |", "|---|---|---|---|---|---|"]
    for name, own in found["int8"].rankings.items():
        for system in ORDER:
            r = found[system].rankings.get(name) if system in found else None
            if r is not None:
                cells = (cell(r.recall_1), cell(r.recall_5), cell(r.ndcg_10))
                rows.append(f"| {name} | {own.recall_1.count} | {TITLES[system]} | {' | '.join(cells)} |")
    return rows


def measure_rows(found: dict[str, Figures]) -> list[str]:
    """One row a set: the figure of each system that was measured on it."""
    systems = [s for s in ORDER if s in found and s != "BM25"]
    rows = [f"| set | n | {' | '.join(TITLES[s] for s in systems)} |", "|---" * (len(systems) + 2) + "|"]
    for name, own in found["int8"].measures.items():
        cells = [cell(found[s].measures.get(name)) for s in systems]
        rows.append(f"| {name} | {own.count} | {' | '.join(cells)} |")
    return rows


def kept_rows(found: dict[str, Figures]) -> list[str]:
    """One row a retrieval set: nDCG@10 of the float model, of int8, and of int8 cut to fewer dimensions."""
    systems = [s for s in found if s == "float" or s.startswith("int8")]
    rows = [f"| nDCG@10 | {' | '.join(systems)} |", "|---" * (len(systems) + 1) + "|"]
    for name in found["int8"].rankings:
        cells = [f"{found[s].rankings[name].ndcg_10.value:.3f}" for s in systems]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def card(text: str, found: dict[str, Figures]) -> str:
    """The card's text with its `{{rankings}}`, `{{measures}}` and `{{kept}}` filled in."""
    parts = {"rankings": ranking_rows(found), "measures": measure_rows(found), "kept": kept_rows(found)}
    for name, rows in parts.items():
        text = text.replace("{{" + name + "}}", "\n".join(rows))
    return text


def make_card(config: Config, folder: Path) -> None:
    """Fills a folder with everything that goes to index/model: graph, tokenizer, settings, table, card."""
    found = read_figures(config.work / "evaluation" / FILE)
    found |= read_figures(config.work / "baselines" / FILE)
    (folder / "onnx").mkdir(exist_ok=True)
    exported = config.work / "export"
    for name in ("onnx/model_int8.onnx", "tokenizer.json", "config.json"):
        shutil.copyfile(exported / name, folder / name)
    shutil.copyfile(config.work / "table" / "table.npz", folder / "table.npz")
    (folder / "README.md").write_text(card(TEXT.read_text("utf-8"), found), "utf-8")
