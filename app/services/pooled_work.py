"""Much work of one kind through a pool, a little of it at a time so that it can be called off."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from app.domain.progress import CancelToken
from app.errors import MediaError

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_pool(
    items: Sequence[Item],
    submit: Callable[[Sequence[Item]], "Future[list[Result]]"],
    *,
    at_once: int,
    tasks: int,
    cancel: CancelToken,
    on_results: Callable[[Sequence[Item], list[Result | None]], None],
) -> None:
    """Have `at_once` items done by a task, with `tasks` of them under way, and hand on results in order.

    Where a task fails its items are tried one by one; the result of one that fails alone is None. Raises
    CancelledError.
    """
    waiting: deque[tuple[Sequence[Item], Future[list[Result]]]] = deque()

    def settle() -> None:
        part, future = waiting.popleft()
        on_results(part, _results(part, future, submit))

    try:
        for start in range(0, len(items), at_once):
            cancel.check()
            part = items[start : start + at_once]
            waiting.append((part, submit(part)))
            if len(waiting) >= tasks:
                settle()
        while waiting:
            cancel.check()
            settle()
    finally:
        for _, future in waiting:
            future.cancel()


def _results(
    part: Sequence[Item],
    future: "Future[list[Result]]",
    submit: Callable[[Sequence[Item]], "Future[list[Result]]"],
) -> list[Result | None]:
    try:
        return list(future.result())
    except MediaError:
        if len(part) == 1:
            return [None]
        return [result for item in part for result in _results([item], submit([item]), submit)]
