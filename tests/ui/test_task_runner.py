"""Outcomes come back to the window's thread, and only to whoever is still there."""

import threading

from PySide6.QtCore import QCoreApplication, QEvent, QObject

from app.ui.task_runner import TaskRunner


def delete(receiver: QObject) -> None:
    receiver.deleteLater()
    QCoreApplication.sendPostedEvents(receiver, QEvent.Type.DeferredDelete)


def test_outcomes_come_back_to_the_windows_thread(qtbot):
    tasks, seen = TaskRunner(), []
    tasks.run(lambda: 6 * 7, lambda value: seen.append((value, threading.current_thread())))
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [(42, threading.main_thread())]
    tasks.close()


def test_neither_outcome_reaches_a_receiver_that_was_deleted(qtbot):
    tasks, dialog, may_end, late, others = TaskRunner(), QObject(), threading.Event(), [], []
    tasks.run(may_end.wait, late.append, receiver=dialog)
    tasks.run(lambda: may_end.wait() and 1 / 0, late.append, late.append, receiver=dialog)
    delete(dialog)
    may_end.set()
    tasks.run(lambda: None, others.append)
    tasks.run(lambda: None, others.append)
    qtbot.waitUntil(lambda: len(others) == 2)
    tasks.close()
    assert late == []


def test_an_outcome_reaches_a_receiver_that_is_there(qtbot):
    tasks, dialog, seen = TaskRunner(), QObject(), []
    tasks.run(lambda: 1, seen.append, receiver=dialog)
    tasks.run(lambda: 1 / 0, None, lambda error: seen.append(type(error)), receiver=dialog)
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert set(seen) == {1, ZeroDivisionError}
    tasks.close()
