"""Embeddings of the parts of a query, remembered: all of them for a while, those of words for good."""

import hashlib
import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.domain.media import DecodeRequest
from app.domain.query import QueryImage, QueryTerm
from app.errors import FileAccessError, LibraryError
from app.indexing.embedding_target import EmbeddingTarget
from app.library.library import Library
from app.media.decode_pool import DecodePool

Embedding = NDArray[np.float32]  # (dim,), L2-normalised

_log = logging.getLogger(__name__)

_REMEMBERED = 1000
_CHIP_SIZE = 96


class TermEmbeddings:
    """Looks up or computes the embedding of a query term. Thread-safe."""

    def __init__(self, library: Library, decoder: DecodePool) -> None:
        self._library = library
        self._decoder = decoder
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], Embedding] = OrderedDict()
        self._behind = _Behind()

    def of(self, term: QueryTerm, target: EmbeddingTarget) -> Embedding:
        """Raises MediaError for a picture that cannot be read, EncoderError when the model fails."""
        if term.text is not None:
            return self._of_text(term.text, target)
        if term.image is not None:
            return self._of_image(term.image, target)
        assert term.photo_id is not None, "a term has one of three parts"
        return self._of_photo(term.photo_id, target)

    def knows_text(self, text: str, target: EmbeddingTarget) -> bool:
        """It can be answered without the text tower."""
        return self._known_text(text.lower(), target) is not None

    def forget_texts(self) -> None:
        """Nobody shall see what was searched for. Raises LibraryError."""
        self._behind.drop()
        with self._lock:
            self._known.clear()
        self._library.query_embeddings.clear()

    def close(self) -> None:
        """Wait until what was found out is written."""
        self._behind.finish()

    def _of_text(self, text: str, target: EmbeddingTarget) -> Embedding:
        text = text.lower()  # every model was trained so
        found = self._known_text(text, target)
        if found is not None:
            return found
        embedding: Embedding = target.encoder.encode_texts([text])[0]
        identity, stored = target.identity, self._library.query_embeddings
        self._behind.do(lambda: stored.keep(identity, text, embedding))
        return self._keep((identity, f"text:{text}"), embedding)

    def _known_text(self, text: str, target: EmbeddingTarget) -> Embedding | None:
        key = (target.identity, f"text:{text}")
        found = self._recall(key)
        if found is not None:
            return found
        identity, stored = target.identity, self._library.query_embeddings
        found = stored.find(identity, text, target.encoder.spec.dim)
        if found is None:
            return None
        self._behind.do(lambda: stored.touch(identity, text))
        return self._keep(key, found)

    def _of_image(self, image: QueryImage, target: EmbeddingTarget) -> Embedding:
        key = (target.identity, "image:" + hashlib.blake2b(image.data, digest_size=16).hexdigest())
        found = self._recall(key)
        if found is not None:
            return found
        spec = target.encoder.spec.pixel_spec
        pixels, _ = self._decoder.submit_query_image(image.data, spec, _CHIP_SIZE).result()
        return self._keep(key, target.encoder.encode_images([pixels], urgent=True)[0])

    def _of_photo(self, photo_id: int, target: EmbeddingTarget) -> Embedding:
        label = self._library.photos.label_of(photo_id, target.identity)
        if label is not None:  # from the library, which has it for sure; the index is a cache
            there, stored = self._library.embeddings.present(target.identity, np.array([label], np.int64))
            if len(there):  # else it was forgotten this moment
                embedding: Embedding = stored[0]
                return embedding
        photos = self._library.photos.get([photo_id])
        if not photos:
            raise FileAccessError("This photo is no longer in the library.")
        photo = photos[0]
        key = (target.identity, f"photo:{photo_id}:{photo.size}:{photo.mtime_ns}")
        found = self._recall(key)
        if found is not None:
            return found
        request = DecodeRequest(photo.path, target.encoder.spec.pixel_spec)
        pixels = self._decoder.submit(request, urgent=True).result().pixels
        assert pixels is not None, "asked for with a pixel spec"
        return self._keep(key, target.encoder.encode_images([pixels], urgent=True)[0])

    def _recall(self, key: tuple[str, str]) -> Embedding | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
            return None

    def _keep(self, key: tuple[str, str], embedding: Embedding) -> Embedding:
        with self._lock:
            self._known[key] = embedding
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return embedding


class _Behind:
    """Writes behind the answers, on a thread that lasts as long as there is something to write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None

    def do(self, write: Callable[[], None]) -> None:
        with self._lock:
            self._waiting.append(write)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="query-embeddings")
                self._thread.start()

    def drop(self) -> None:
        """What waits is not written; what is being written is, before this returns."""
        with self._lock:
            self._waiting.clear()
        self.finish()

    def finish(self) -> None:
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                write = self._waiting.popleft()
            try:
                write()
            except LibraryError as error:  # it only costs time: the words are embedded again
                _log.warning("the embedding of a search is not kept: %s", error)
            except Exception:  # noqa: BLE001 - whatever waits behind it must not wait for ever
                _log.exception("the embedding of a search is not kept")
