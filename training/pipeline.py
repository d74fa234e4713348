"""The recipe as a list of stages, in order."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console

from training.config import Config
from training.stages import Chain, Stage


def texts(config: Config) -> list[Path]:
    """The files every text comes from: a stage that reads them is made anew when one changes."""
    folder = config.data.folder
    names = ("parallel.en-ar.tsv.xz", "names_words.en-ar.tsv.xz", "ant_news.jsonl.xz", "wiki_ar.jsonl.xz")
    return [folder / name for name in names]


def questions(config: Config) -> list[Path]:
    """The files of questions written for passages."""
    return list(config.data.queries)


def known_texts(config: Config) -> list[Path]:
    """The files of English questions."""
    names = ("squad_en_question_sentence.tsv.xz", "tydi_en_question_paragraph.jsonl.xz")
    return [config.data.folder / name for name in names]


def judged(config: Config) -> list[Path]:
    """The development sets, which also say what is kept out of training."""
    return [config.data.judged, config.data.seeds, config.data.folder / "dev"]


def joined_settings(config: Config) -> object:
    """What the joint tuning depends on; how its checkpoints are averaged is the next stage's."""
    return replace(config.joining, last=0, begun=0.0), config.lexical, config.retrieval, config.distillation


JOINED_NEEDS = ("average", "question-targets", "neighbours", "table", "targets")


def _all(*parts: Iterable[Path]) -> list[Path]:
    return [path for part in parts for path in part]


def stages() -> list[Stage]:
    """All stages. Heavy modules are imported when a stage runs."""
    from training import (
        average,
        card,
        crops,
        distil,
        export,
        initialise,
        mining,
        report,
        retrieval,
        static,
        table,
        targets,
        vocabulary,
    )

    return [
        Stage(
            "vocabulary",
            vocabulary.make_vocabulary,
            settings=lambda c: (c.vocabulary, c.data.caps, c.base, c.added),
            files=lambda c: _all(texts(c), judged(c)),
        ),
        Stage(
            "alignment",
            initialise.make_alignment,
            needs=("vocabulary",),
            settings=lambda c: c.alignment,
        ),
        Stage("student", initialise.make_student, needs=("alignment",)),
        Stage(
            "targets",
            targets.sentence_targets,
            settings=lambda c: (c.teacher, c.base, c.data.caps, c.data.held_names, c.data.held_questions),
            files=lambda c: _all(texts(c)[:2], known_texts(c)),
        ),
        Stage(
            "distilled",
            distil.make_distilled,
            needs=("student", "targets"),
            settings=lambda c: c.distillation,
        ),
        Stage(
            "table",
            table.make_table,
            settings=lambda c: (c.table, c.data.caps),
            files=lambda c: _all(texts(c)[:2], questions(c)),
        ),
        Stage(
            "lexical",
            crops.make_lexical,
            needs=("distilled", "table"),
            settings=lambda c: (c.lexical, c.retrieval.matryoshka, c.retrieval.temperature),
        ),
        Stage(
            "question-targets",
            targets.question_targets,
            settings=lambda c: (c.teacher, c.base),
            files=lambda c: _all(questions(c), judged(c)),
        ),
        Stage("neighbours", mining.make_neighbours, files=lambda c: _all(questions(c), judged(c))),
        Stage(
            "tuned",
            retrieval.make_tuned,
            needs=("lexical", "question-targets", "neighbours"),
            settings=lambda c: c.retrieval,
        ),
        Stage(
            "tuned-again",
            partial(retrieval.make_tuned, run=1),
            needs=("lexical", "question-targets", "neighbours"),
            settings=lambda c: c.retrieval,
        ),
        Stage(
            "average",
            average.make_average,
            needs=("tuned", "tuned-again", "lexical", "student"),
            settings=lambda c: c.averaging,
        ),
        Stage("joined", static.make_joined, needs=JOINED_NEEDS, settings=joined_settings),
        Stage(
            "joined-again", partial(static.make_joined, run=1), needs=JOINED_NEEDS, settings=joined_settings
        ),
        Stage(
            "joined-average",
            static.make_joined_average,
            needs=("joined", "joined-again"),
            settings=lambda c: (c.joining.last, c.joining.begun),
        ),
        Stage("export", export.make_export, needs=("joined-average",), settings=lambda c: c.export),
        Stage(
            "baselines",
            report.make_baselines,
            settings=lambda c: (c.teacher, c.base, c.export.rival, c.data.held_names, c.data.held_questions),
            files=lambda c: _all(judged(c), known_texts(c)),
        ),
        Stage("evaluation", report.make_evaluation, needs=("export",), files=judged),
        Stage("card", card.make_card, needs=("export", "table", "evaluation", "baselines")),
    ]


def chain(config: Config, console: Console) -> Chain:
    """The recipe over the configuration's work folder."""
    return Chain(config, stages(), console)
