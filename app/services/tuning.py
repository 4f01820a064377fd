"""How searching by meaning is set: what people chose, and ideas that are off until a gain is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.query import QueryTerm
from app.settings import Settings

_SHORT = 2  # words; longer texts say what they mean without a frame
_TEMPLATES = ("{}", "a photo of {}", "a picture of {}", "{} in a photo")


@dataclass(frozen=True, slots=True)
class SearchTuning:
    """`steps`: how many more or fewer matches are wanted, for each `lines_key`; see `Lines.moved`.

    The others lose on the demonstration's scenes, see `relevance`; they may gain elsewhere.
    """

    steps: Mapping[str, int] = field(default_factory=dict)
    average_prompts: bool = False  # very short texts are embedded in several phrases
    correct_hubs: bool = False  # photos that are near to every caption are moved away from all of them

    @classmethod
    def of(cls, settings: Settings) -> "SearchTuning":
        """As the settings say."""
        return cls(settings.match_steps, settings.average_prompts, settings.correct_hubs)

    def prompts(self, text: str) -> tuple[str, ...]:
        """The phrases whose mean embedding stands for a text."""
        if not self.average_prompts or len(text.split()) > _SHORT:
            return (text,)
        return tuple(template.format(text) for template in _TEMPLATES)


def lines_key(identity: str, terms: Sequence[QueryTerm]) -> str:
    """What a choice of more or fewer matches holds for: one model, and words, pictures or both.

    "" where nothing is wanted, only not wanted: there is no line to move.
    """
    texts = {term.text is not None for term in terms if term.weight > 0}
    if not texts:
        return ""
    kind = "mixed" if len(texts) == 2 else "text" if texts.pop() else "image"
    return f"{identity}:{kind}"
