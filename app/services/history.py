"""What was searched for, offered again; it never leaves this machine."""

from collections.abc import Callable, Sequence

from app.library.library import Library

OFFERED = 20


class HistoryService:
    """The latest searches in words."""

    def __init__(self, library: Library, forget_more: Callable[[], None] | None = None) -> None:
        """`forget_more`: what else knows what was searched for."""
        self._library = library
        self._forget_more = forget_more

    def recent(self) -> tuple[str, ...]:
        """The latest first."""
        return self._library.history.recent(OFFERED)

    def remember(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Put texts at the head, the last one first: what is offered now."""
        wanted = [text for text in texts if text.strip()]
        if wanted:
            self._library.history.remember(wanted)
        return self.recent()

    def forget(self, text: str) -> tuple[str, ...]:
        """Take one out: what is offered now."""
        self._library.history.forget(text)
        return self.recent()

    def clear(self) -> tuple[str, ...]:
        """Nobody shall see what was searched for."""
        self._library.history.clear()
        if self._forget_more is not None:
            self._forget_more()
        return ()
