"""What `photosift search` asks, and how it prints how sure an answer is."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from app.cli import searching
from app.cli.arguments import parse
from app.cli.output import EXIT_NOTHING, EXIT_OK
from app.domain.photo import Photo, PhotoState
from app.domain.query import SearchResult, SortOrder
from app.domain.status import ModelState, ModelStatus
from app.services.query_language import ParsedQuery
from app.settings import Settings


class FakeSearch:
    """Answers everything with one photo of each class."""

    def __init__(self):
        self.queries, self.tunings, self.rounds, self.classes = [], [], 0, [0, 1, 2]

    def understand(self, text):
        return ParsedQuery(text)

    def tune(self, tuning):
        self.tunings.append(tuning)

    def search(self, query):
        self.queries.append(query)
        self.rounds -= 1
        classes = np.array(self.classes, np.int8)
        return SearchResult(
            query=query,
            photo_ids=np.arange(1, len(classes) + 1),
            scores=np.array([5.0, 3.0, np.nan][: len(classes)], np.float32),
            weak_from=int((classes < 2).sum()),
            total=3,
            complete=True,
            semantic=True,
            message="a part is measured" if self.rounds > 0 else "",
            classes=classes,
            unfinished=self.rounds > 0,
        )


class FakeLoading:
    def __init__(self, *_):
        pass

    def wait(self):
        return ModelStatus(ModelState.READY)


@pytest.fixture
def service(monkeypatch, tmp_path):
    made = FakeSearch()

    def photos(ids):
        return [
            Photo(number, 1, str(tmp_path / f"{number}.jpg"), 1, 1, PhotoState.READY, None, None)
            for number in ids
        ]

    @contextmanager
    def session(options, *, exclusive):
        assert not exclusive
        yield SimpleNamespace(
            search=made,
            settings=SimpleNamespace(load=lambda: Settings(match_steps={"model:image": 2})),
            models=SimpleNamespace(identity="model"),
            library=SimpleNamespace(photos=photos),
        )

    monkeypatch.setattr(searching, "open_session", session)
    monkeypatch.setattr(searching, "ModelLoading", FakeLoading)
    return made


def run(*arguments):
    return searching.search(parse(["search", *arguments]))


def test_each_line_of_json_tells_its_class(service, capsys):
    assert run("dog", "--json") == EXIT_OK

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["match"], line["score"]) for line in lines] == [
        ("strong", 5.0),
        ("possible", 3.0),
        ("weak", None),
    ]


def test_each_line_of_text_carries_a_sign_for_what_is_not_sure(service, capsys):
    run("dog")

    assert [line[7] for line in capsys.readouterr().out.splitlines()] == [" ", "~", "?"]


def test_that_nothing_looks_like_it_is_said(service, capsys):
    service.classes = [2, 2, 2]
    run("dog")

    assert "nothing here looks like that" in capsys.readouterr().err


def test_nothing_at_all_has_an_exit_code(service):
    service.classes = []

    assert run("dog") == EXIT_NOTHING


def test_pictures_are_liked_and_disliked(service, tmp_path):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(name.encode())

    run("dog", "--image", str(tmp_path / "a.jpg"), "--unlike", str(tmp_path / "b.jpg"), "--sort", "date")

    [query] = service.queries
    assert [(term.image and term.image.name, term.weight) for term in query.terms] == [
        (None, 1.0),
        ("a.jpg", 1.0),
        ("b.jpg", -1.0),
    ]
    assert query.sort is SortOrder.DATE


def test_more_holds_for_this_search_and_what_is_set_for_the_others(service):
    run("dog", "--more", "-3")

    assert service.tunings[-1].steps == {"model:image": 2, "model:text": -3}


@pytest.mark.parametrize("steps", ["5", "-5", "x", "1.5"])
def test_more_has_an_end(service, steps, capsys):
    with pytest.raises(SystemExit):
        run("dog", f"--more={steps}")
    assert "is not a number from -4 to 4" in capsys.readouterr().err


def test_unusual_photos_need_no_words_and_are_waited_for(service, capsys):
    service.rounds = 3

    assert run("--sort", "unusual") == EXIT_OK

    said = capsys.readouterr()
    assert [query.sort for query in service.queries] == [SortOrder.UNUSUAL] * 3
    assert said.err.count("a part is measured") == 2
    assert len(said.out.splitlines()) == 3
