"""Embeddings of words are computed once, also across starts."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from service_parts import wait_until

from app.domain.query import QueryTerm
from app.errors import EncoderError, LibraryError
from app.indexing.embedding_target import EmbeddingTarget
from app.library.library import Library
from app.media.decode_pool import DecodePool
from app.services.term_embeddings import TermEmbeddings
from tests.fake_encoder import FakeEncoder

Start = Callable[[FakeEncoder], tuple[TermEmbeddings, EmbeddingTarget]]
DOG = QueryTerm(text="a dog")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    opened = Library.open(tmp_path / "library.db")
    yield opened
    opened.close()


@pytest.fixture
def start(library: Library) -> Iterator[Start]:
    """What a new start of the program has: nothing in memory, the library as it is."""
    decoder, opened = DecodePool(1), []

    def begin(encoder: FakeEncoder) -> tuple[TermEmbeddings, EmbeddingTarget]:
        opened.append(TermEmbeddings(library, decoder))
        return opened[-1], EmbeddingTarget(encoder, None, 8)  # type: ignore[arg-type]

    yield begin
    for terms in opened:
        terms.close()
    decoder.close()


def test_known_words_need_no_model_after_a_restart(start: Start) -> None:
    terms, target = start(FakeEncoder())
    first = terms.of(DOG, target)
    terms.close()
    silent = FakeEncoder()
    silent.failure = EncoderError("the model is still loading")
    terms, target = start(silent)
    assert terms.knows_text("A Dog", target)
    assert not terms.knows_text("a cat", target)
    assert np.array_equal(terms.of(QueryTerm(text="A DOG"), target), first)
    with pytest.raises(EncoderError):
        terms.of(QueryTerm(text="a cat"), target)


def test_another_model_does_not_get_the_embeddings_of_this_one(start: Start) -> None:
    terms, target = start(FakeEncoder())
    terms.of(DOG, target)
    terms.close()
    terms, target = start(FakeEncoder(revision="fake-2"))
    assert not terms.knows_text("a dog", target)


def test_a_damaged_embedding_is_computed_again_and_replaced(
    start: Start, library: Library, tmp_path: Path
) -> None:
    encoder = FakeEncoder()
    terms, target = start(encoder)
    first = terms.of(DOG, target)
    terms.close()
    with sqlite3.connect(tmp_path / "library.db") as connection:
        connection.execute("UPDATE query_embeddings SET vector = x'00'")
    connection.close()
    terms, target = start(encoder)
    assert np.array_equal(terms.of(DOG, target), first)
    terms.close()
    assert encoder.texts == ["a dog", "a dog"]
    assert library.query_embeddings.find(target.identity, "a dog", encoder.spec.dim) is not None


def test_the_answer_does_not_wait_for_the_disk(start: Start, library: Library) -> None:
    terms, target = start(FakeEncoder())
    done = threading.Event()
    with library._writer.transaction():  # somebody writes, for as long as it takes to ask
        asking = threading.Thread(target=lambda: (terms.of(DOG, target), done.set()))
        asking.start()
        assert done.wait(20)
        assert library.query_embeddings.count(target.identity) == 0
    asking.join()
    wait_until(lambda: library.query_embeddings.count(target.identity) == 1)


def test_a_disk_that_refuses_costs_no_answer(
    start: Start, library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise LibraryError("The disk is full.")

    monkeypatch.setattr(library.query_embeddings, "keep", refuse)
    terms, target = start(FakeEncoder())
    assert terms.of(DOG, target) is not None
    terms.close()
    assert "The disk is full" in caplog.text


def test_texts_are_forgotten_in_memory_and_on_disk(start: Start, library: Library) -> None:
    terms, target = start(FakeEncoder())
    terms.of(DOG, target)
    terms.forget_texts()
    terms.close()
    assert not terms.knows_text("a dog", target)
    assert library.query_embeddings.count(target.identity) == 0


@pytest.mark.expects_log_warnings
def test_one_embedding_that_cannot_be_kept_does_not_keep_the_others_from_it(
    start: Start, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms, target = start(FakeEncoder())
    with monkeypatch.context() as patched:
        patched.setattr(library.query_embeddings, "keep", lambda *_: 1 / 0)
        terms.of(DOG, target)
        terms.close()
    terms.of(QueryTerm(text="a cat"), target)
    terms.close()
    assert library.query_embeddings.count(target.identity) == 1
