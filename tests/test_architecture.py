"""Imports run one way: the table below is the whole truth of who may import whom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT = {
    "index.types": set(),
    "index.errors": set(),
    "index.stages": set(),
    "index.threads": set(),
    "index.identity": {"types"},
    "index.lexemes": set(),
    "index.arabic": {"types", "lexemes"},
    "index.sentences": {"types"},
    "index.names": set(),
    "index.translation": {"errors"},
    "index.terms": {"types", "arabic", "names", "translation"},
    "index.pages": set(),
    "index.read": {"types", "errors", "arabic", "pages"},
    "index.clean": {"types", "errors", "identity", "arabic", "sentences", "pages"},
    "index.split": {"types", "arabic", "identity", "sentences", "pages"},
    "index.encoder": {"types", "errors", "stages"},
    "index.duplicates": {"arabic", "sentences"},
    "index.store": {"types", "errors", "arabic", "duplicates", "identity", "names"},
    "index.folders": {"errors"},
    "index.sync": {"types", "errors", "folders", "identity", "read", "clean", "split"},
    "index.watch": {"errors", "read"},
    "index.bulk": {"types", "errors", "folders", "identity", "read", "clean", "split", "sync"},
    "index.rank": {"types"},
    "index.relevance": {"types", "errors", "rank"},
    "index.candidates": {"types", "rank", "terms"},
    "index.highlight": {"types", "arabic", "sentences"},
    "index.rerank": {"errors"},
    "index.search": {
        *("types", "errors", "arabic", "stages", "candidates", "duplicates", "rank", "relevance"),
        *("pages", "highlight", "rerank", "terms", "translation"),
    },
    "index.evaluate": {"types", "errors", "identity", "search"},
    "index.compare": {"evaluate"},
    "index.plot": {"evaluate"},
}
"""`index` room → the rooms it may import besides itself. `index.commands` and `index.__main__` may import all."""

OF_THE_SERVICE = {f"index.commands.{name}" for name in ("serve", "keys", "search", "corpus")}
"""The commands about the service, and those whose `--json` is what the service answers."""

HEAVY = {"torch", "sentence_transformers", "transformers", "onnx", "scipy", "ray"}
HTTP = {"fastapi", "starlette", "uvicorn", "httpx", "httpx2"}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def imports(file: Path, *, at_import_time: bool = False) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    nodes = tree.body if at_import_time else list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{file} uses a relative import"
            found.add(node.module)
    return found


@pytest.mark.parametrize("file", modules("index"), ids=name_of)
def test_each_room_imports_only_what_the_table_allows(file: Path) -> None:
    room = room_of(name_of(file))
    if room in {"index", "index.commands", "index.__main__"}:
        return
    allowed = {room} | {f"index.{name}" for name in MAY_IMPORT[room]}
    own = {room_of(module) for module in imports(file) if module.startswith("index")}
    assert own <= allowed


def test_the_table_names_every_room_and_no_other() -> None:
    rooms = {room_of(name_of(file)) for file in modules("index")}
    assert rooms - {"index", "index.commands", "index.__main__"} == set(MAY_IMPORT)


@pytest.mark.parametrize("file", modules("index"), ids=name_of)
def test_index_knows_nothing_of_http(file: Path) -> None:
    tops = {module.partition(".")[0] for module in imports(file)}
    assert not tops & HTTP
    if name_of(file) not in OF_THE_SERVICE:
        assert "service" not in tops


@pytest.mark.parametrize("file", modules("service"), ids=name_of)
def test_the_service_knows_nothing_of_faiss(file: Path) -> None:
    assert not {module.partition(".")[0] for module in imports(file)} & {"faiss", "sqlite3", "onnxruntime"}


NEVER_IMPORTED = "index.encoder.static_part"
"""Copied into exported models, and run from there only."""


def test_what_goes_into_exported_models_is_imported_nowhere() -> None:
    everywhere = [*modules("index"), *modules("service")]
    assert NEVER_IMPORTED in {name_of(file) for file in everywhere}
    assert not {name_of(file) for file in everywhere if NEVER_IMPORTED in imports(file)}


@pytest.mark.parametrize(
    "file",
    [file for file in [*modules("index"), *modules("service")] if name_of(file) != NEVER_IMPORTED],
    ids=name_of,
)
def test_torch_is_imported_only_inside_functions(file: Path) -> None:
    assert not {module.partition(".")[0] for module in imports(file, at_import_time=True)} & HEAVY
