"""What the page offers from the corpus itself: questions to try, publishers to choose from."""

from __future__ import annotations

from dataclasses import dataclass

from index.types import View
from service.bidi import lang_of
from service.words import Interface

MOST_EXAMPLES = 4
LONGEST_EXAMPLE = 100
MOST_PUBLISHERS = 100
# Titles are drawn from the first articles: a page must not read a whole library.
MOST_ARTICLES = 500


@dataclass(frozen=True, slots=True)
class Offer:
    """Titles fit to be asked, and the publishers of most articles by name, of one revision."""

    revision: int
    titles: tuple[str, ...]
    publishers: tuple[str, ...]

    def examples(self, ui: Interface) -> list[str]:
        """A few titles: those that ask come first, then those in the interface's language."""
        ranked = sorted(
            self.titles,
            key=lambda title: (not title.rstrip().endswith(("?", "؟")), lang_of(title) != ui),
        )
        return ranked[:MOST_EXAMPLES]


class Catalogue:
    """The newest offer, read again only when the revision changes; safe in several threads."""

    def __init__(self) -> None:
        self._offer: Offer | None = None

    def of(self, view: View) -> Offer:
        """The offer of this view's revision."""
        offer = self._offer
        if offer is None or offer.revision != view.revision:
            # Two threads may both read it: the same offer, and no lock to wait for.
            self._offer = offer = _read(view)
        return offer


def _read(view: View) -> Offer:
    listed, _ = view.articles(MOST_ARTICLES)
    fit = [provenance for _, provenance, _ in listed if len(provenance.title) <= LONGEST_EXAMPLE]
    # A title that was made up from the first words of a text is a poor question.
    stated = [provenance for provenance in fit if "title" not in provenance.inferred] or fit
    return Offer(
        revision=view.revision,
        titles=tuple(provenance.title for provenance in stated[: MOST_EXAMPLES * 10]),
        publishers=tuple(sorted([*view.publishers()][:MOST_PUBLISHERS])),
    )
