"""Which licences pass, which do not; and that of all data the encoder learnt from they pass."""

from __future__ import annotations

import pytest

from release.licences import Allowed, Piece, is_allowed, is_allowed_data, of_data, page, read_allowed, refused
from release.source import ROOT, ReleaseError

CARD = """
| source | used as | licence and attribution |
|---|---|---|
| Tatoeba | pairs | CC BY 2.0 FR, tatoeba.org contributors |
| A paper | pairs | CC BY-NC 4.0 |
"""


@pytest.mark.parametrize(
    ("expression", "passes"),
    [
        ("MIT", True),
        ("BSD-3-Clause AND 0BSD AND Zlib", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("(MIT OR Apache-2.0) AND PSF-2.0", True),
        ("BSD License; MIT License", True),
        ("ISC License (ISCL)", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT License; GNU General Public License v3 (GPLv3)", False),
        ("UNKNOWN", False),
        ("", False),
    ],
)
def test_packages(expression: str, passes: bool) -> None:
    assert is_allowed(expression, read_allowed(ROOT).packages) is passes


@pytest.mark.parametrize(
    ("said", "passes"),
    [
        ("CC BY 4.0, © Microsoft", True),
        ("CC BY-SA, Wikipedia contributors", True),
        ("MIT / Apache 2.0 repositories; the Arabic is machine-translated", True),
        ("CC BY-NC 4.0", False),
        ("CC BY 4.0; the images CC BY-NC-ND", False),
        ("MITRE terms of use", False),
        ("GPL 3.0", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_data(said: str, passes: bool) -> None:
    assert is_allowed_data(said, read_allowed(ROOT).data) is passes


def test_a_card_is_read_by_its_columns() -> None:
    assert of_data(CARD) == [
        Piece("Tatoeba", "", "CC BY 2.0 FR, tatoeba.org contributors"),
        Piece("A paper", "", "CC BY-NC 4.0"),
    ]
    with pytest.raises(ReleaseError, match=r"^training/DATA.md has no table"):
        of_data("None.")


def test_what_is_refused_is_named_with_its_licence() -> None:
    allowed = Allowed({"MIT": "permissive"}, {"CC BY": "attribution"}, ())
    packages = [Piece("good", "1.0", "MIT"), Piece("bad", "2.0", "SSPL-1.0"), Piece("silent", "3.0", "")]
    assert refused(packages, of_data(CARD), allowed) == [
        "bad 2.0: SSPL-1.0",
        "silent 3.0: no licence",
        "A paper: CC BY-NC 4.0",
    ]


def test_the_page_lists_packages_data_and_reasons() -> None:
    allowed = Allowed(
        {"MIT": "permissive"}, {"CC BY": "attribution"}, ({"name": "base", "licence": "Apache-2.0"},)
    )
    written = page([Piece("good", "1.0", "MIT", "https://good.example")], {}, of_data(CARD), allowed)
    for row in (
        "| [good](https://good.example) | 1.0 | MIT |",
        "| base | Apache-2.0 |",
        "| A paper | CC BY-NC 4.0 |",
    ):
        assert row in written.splitlines()
    assert written.endswith("| CC BY | attribution |\n")


def test_all_that_the_encoder_learnt_from_is_allowed_and_its_base_is_the_one_its_card_names() -> None:
    allowed = read_allowed(ROOT)
    data = of_data((ROOT / "training" / "DATA.md").read_text("utf-8"))
    assert len(data) >= 10
    assert refused([], data, allowed) == []
    card = (ROOT / "index" / "model" / "README.md").read_text("utf-8")
    assert all(base["name"] in card for base in allowed.bases)
