"""What is remembered of moves that the system told."""

import pytest

from app.indexing import touched
from app.indexing.touched import MoveLog


def log(*moves: tuple[str, str]) -> MoveLog:
    """Names that end with a slash are directories."""
    built = MoveLog()
    for source, target in moves:
        built.note(1, source.rstrip("/"), target.rstrip("/"), is_directory=source.endswith("/"))
    return built


def test_a_move_is_known_by_its_end() -> None:
    moves = log(("a.jpg", "b.jpg"))
    assert moves.origin(1, "b.jpg") == "a.jpg"
    assert moves.origin(1, "a.jpg") is None
    assert moves.origin(2, "b.jpg") is None


def test_a_chain_leads_to_its_beginning() -> None:
    assert log(("a.jpg", "b.jpg"), ("b.jpg", "c.jpg")).origin(1, "c.jpg") == "a.jpg"


def test_a_swap_through_a_third_name_is_a_swap() -> None:
    moves = log(("a.jpg", "x.bak"), ("b.jpg", "a.jpg"), ("x.bak", "b.jpg"))
    assert (moves.origin(1, "a.jpg"), moves.origin(1, "b.jpg")) == ("b.jpg", "a.jpg")


def test_what_was_moved_away_has_left_until_it_is_back() -> None:
    moves = log(("a.jpg", "x.bak"), ("b.jpg", "a.jpg"))
    assert (moves.has_left(1, "a.jpg"), moves.has_left(1, "b.jpg")) == (True, True)
    moves.note(1, "x.bak", "a.jpg", is_directory=False)
    assert (moves.has_left(1, "a.jpg"), moves.has_left(2, "b.jpg")) == (False, False)
    assert log(("trip/", "journey/")).has_left(1, "trip/a.jpg")


def test_there_and_back_is_no_move() -> None:
    assert log(("a.jpg", "b.jpg"), ("b.jpg", "a.jpg")).origin(1, "a.jpg") is None


def test_files_follow_their_directories() -> None:
    moves = log(("trip/", "journey/"), ("journey/a.jpg", "best/a.jpg"), ("best/", "top/"))
    assert moves.origin(1, "journey/b.jpg") == "trip/b.jpg"
    assert moves.origin(1, "top/a.jpg") == "trip/a.jpg"
    assert moves.origin(1, "journeys/b.jpg") is None


def test_old_moves_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    moves = log(("a.jpg", "b.jpg"), ("x/", "y/"))
    monkeypatch.setattr(touched, "_KEEP_SECONDS", -1.0)
    moves.note(1, "c.jpg", "d.jpg", is_directory=False)
    assert moves.origin(1, "b.jpg") is None
    assert moves.origin(1, "y/b.jpg") is None


def test_not_more_than_so_many_moves_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touched, "_KEEP", 100)
    moves = log(*((f"{number}.jpg", f"new/{number}.jpg") for number in range(1000)))
    assert len(moves._origins) <= 101
    assert moves.origin(1, "new/999.jpg") == "999.jpg"
