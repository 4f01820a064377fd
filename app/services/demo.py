"""The demonstration: a library of pictures that Photosift draws itself."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.demo.examples import EXAMPLES
from app.demo.library import write_demo_library
from app.domain.progress import CancelToken
from app.errors import DemoError


@dataclass(frozen=True, slots=True)
class DemoService:
    """Draws the pictures into `pictures`, a folder that the demo library watches."""

    pictures: Path

    def examples(self) -> tuple[str, ...]:
        """Searches worth trying, in all languages of the demo's model."""
        return tuple(example.words for example in EXAMPLES)

    def draw(self, on_progress: Callable[[int, int], None], cancel: CancelToken | None = None) -> None:
        """Draw what is missing. `on_progress` gets (done, total); raises DemoError when the disk refuses.

        Takes some twenty seconds of one core the first time. Called off, it goes on where it was next time.
        """
        try:
            write_demo_library(self.pictures, on_progress, cancel)
        except OSError as error:
            raise DemoError(
                f"The demonstration's pictures cannot be drawn in {self.pictures}: {error.strerror}."
                " Check the free space of its disk, then open the demonstration again."
            ) from error
