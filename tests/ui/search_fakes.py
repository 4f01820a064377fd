"""History and completion that answer from lists a test fills."""

from collections.abc import Sequence

from app.domain.conditions import Field
from app.domain.suggestions import FilterValue, Suggestion
from app.services.query_completion import complete


class FakeHistoryService:
    """Keeps what it is told; `cleared` counts how often all was to be forgotten."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.cleared = 0

    def recent(self) -> tuple[str, ...]:
        return tuple(self.texts)

    def remember(self, texts: Sequence[str]) -> tuple[str, ...]:
        for text in texts:
            self.texts = [text, *(each for each in self.texts if each != text)]
        return self.recent()

    def forget(self, text: str) -> tuple[str, ...]:
        self.texts.remove(text)
        return self.recent()

    def clear(self) -> tuple[str, ...]:
        self.texts.clear()
        self.cleared += 1
        return ()


class FakeCompletionService:
    """Completes as the real one does, with the values of `values`."""

    def __init__(self) -> None:
        self.values: dict[Field, tuple[FilterValue, ...]] = {
            Field.FOLDER: (FilterValue("Kyoto 京都", 120, "photos"), FilterValue("New York", 80, "photos")),
            Field.CAMERA: (FilterValue("Canon EOS R5", 300), FilterValue("iPhone 15", 200)),
        }

    def complete(self, text: str, cursor: int, *, wanted: bool = False) -> tuple[Suggestion, ...]:
        return complete(text, cursor, lambda field: self.values.get(field, ()), wanted=wanted)
