"""How much each part of a query counts.

Scores of words and of pictures live on different scales; their z-scores do not, so these are added. Pictures
that are liked and disliked follow Rocchio, "Relevance feedback in information retrieval" (The SMART Retrieval
System, 1971): towards the liked ones, away from the mean of the disliked ones. The numbers are from
`relevance`, where liked pictures help in proportion to the root of how many there are, as independent
z-scores add up. A disliked picture mostly looks like what was asked for as well, else nobody would have seen
it, so alone it is taken away in small part only; beside a liked one, what both have in common cancels out.

A picture that was brought along, not marked in an answer, says beside words what should be there as well: it
counts up to where it may match and no further, or what is most like it would win whatever the words say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.services.calibration import Calibration
from app.services.ranking import Lines, Scores
from app.services.term_embeddings import Embedding

_DISLIKED_ALONE = 0.25
_DISLIKED_BESIDE_LIKED = 1.0


@dataclass(frozen=True, slots=True)
class ScoredTerm:
    """One part of a query, ready to be compared with photos."""

    weight: float
    embedding: Embedding
    calibration: Calibration
    is_text: bool = True
    is_brought: bool = False  # a picture from elsewhere
    most: float | None = None  # higher z-scores count no more

    def counted(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """What of its z-scores counts.

        What is not wanted takes away from what looks like it, and from nothing else: being unlike it makes no
        photo a match. Words that are not wanted say what must be absent, so only what may match them loses.
        """
        if self.weight > 0:
            return z if self.most is None else np.minimum(z, np.float32(self.most))
        least = self.calibration.lines.possible if self.is_text else 0.0
        return np.where(z >= least, z, np.float32(0))


def beside_words(terms: Sequence[ScoredTerm]) -> list[ScoredTerm]:
    """The same terms, those that only accompany wanted words limited."""
    if not any(term.is_text and term.weight > 0 for term in terms):
        return list(terms)
    return [_limited(term) if term.is_brought and term.weight > 0 else term for term in terms]


def _limited(term: ScoredTerm) -> ScoredTerm:
    line = term.calibration.lines.possible
    calibration = replace(term.calibration, lines=replace(term.calibration.lines, strong=line))
    return replace(term, calibration=calibration, most=line)


def effective_weights(terms: Sequence[ScoredTerm]) -> list[float]:
    """Of each term, in their order."""
    liked = sum(1 for term in terms if not term.is_text and term.weight > 0)
    disliked = sum(1 for term in terms if not term.is_text and term.weight <= 0)
    away = _DISLIKED_BESIDE_LIKED if liked else _DISLIKED_ALONE

    def effective(term: ScoredTerm) -> float:
        if term.is_text:
            return term.weight
        return term.weight / liked**0.5 if term.weight > 0 else term.weight * away / disliked

    return [effective(term) for term in terms]


def positive_weight(weights: Sequence[float]) -> float:
    """Their sum, which makes a combined score comparable with that of a single term."""
    return sum(weight for weight in weights if weight > 0) or 1.0


def combined_lines(terms: Sequence[ScoredTerm], weights: Sequence[float]) -> Lines:
    """Where matches of a combined score begin: the weighted means of the positive terms' own lines.

    Where there are none it is zero, which is what the negative terms leave alone.
    """
    positive = [
        (term.calibration.lines, weight) for term, weight in zip(terms, weights, strict=True) if weight > 0
    ]
    whole = positive_weight(weights)
    return Lines(
        sum(weight * lines.strong for lines, weight in positive) / whole,
        sum(weight * lines.possible for lines, weight in positive) / whole,
        parts=any(lines.parts for lines, _ in positive),
    )


def leave_some(lines: Lines, combined: Scores, taken: Scores) -> Lines:
    """The same lines, lower where disliked pictures took everything that matches.

    `taken` is what they took from the combined scores. What they have in common with all matches cannot tell
    these apart, so the match that lost least stays one.
    """
    if not len(combined) or combined.max() >= lines.possible:
        return lines
    matched = combined + taken >= lines.possible
    if not matched.any():
        return lines
    common = float(taken[matched].min())
    return replace(lines, strong=lines.strong - common, possible=lines.possible - common)
