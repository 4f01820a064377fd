"""Progress of work in steps."""

import sys
from typing import Any

from tqdm import tqdm


class StepBar:
    """A progress bar on a terminal, nothing elsewhere; a new one for each step."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._step = ""

    def __enter__(self) -> "StepBar":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, step: str, done: int, total: int) -> None:
        """Called on the thread that does the work."""
        if step != self._step:
            self.__exit__()
            self._step = step
            self._bar = tqdm(total=total, desc=step, disable=not sys.stderr.isatty(), file=sys.stderr)
        self._bar.update(done - self._bar.n)
