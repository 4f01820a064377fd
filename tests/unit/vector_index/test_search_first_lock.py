"""A search waits for one change at the most."""

import threading

from app.vector_index.search_first_lock import SearchFirstLock


def test_searches_share_and_a_change_waits_for_them() -> None:
    lock = SearchFirstLock()
    changed = threading.Event()

    def change() -> None:
        with lock.change():
            changed.set()

    thread = threading.Thread(target=change)
    with lock.search(), lock.search():
        thread.start()
        assert not changed.wait(0.05)
    thread.join(10)
    assert changed.is_set()


def test_a_waiting_search_goes_before_the_next_change() -> None:
    lock = SearchFirstLock()
    order: list[str] = []
    first_inside, let_go = threading.Event(), threading.Event()

    def first_change() -> None:
        with lock.change():
            first_inside.set()
            let_go.wait(10)
        with lock.change():
            order.append("second change")

    def search() -> None:
        with lock.search():
            order.append("search")

    changer = threading.Thread(target=first_change)
    changer.start()
    first_inside.wait(10)
    searcher = threading.Thread(target=search)
    searcher.start()
    while not lock._waiting:
        threading.Event().wait(0.001)
    let_go.set()
    changer.join(10)
    searcher.join(10)
    assert order == ["search", "second change"]


def test_searching_without_a_pause_does_not_keep_changes_out() -> None:
    lock = SearchFirstLock(patience=0.01)
    changes = 0
    done = threading.Event()

    def search_on_and_on() -> None:
        while not done.is_set():
            with lock.search():
                pass

    searchers = [threading.Thread(target=search_on_and_on) for _ in range(3)]
    for searcher in searchers:
        searcher.start()
    for _ in range(20):
        with lock.change():
            changes += 1
    done.set()
    for searcher in searchers:
        searcher.join(10)
    assert changes == 20


def test_a_change_that_fails_lets_go() -> None:
    lock = SearchFirstLock()
    try:
        with lock.change():
            raise ValueError
    except ValueError:
        pass
    with lock.search():
        pass
