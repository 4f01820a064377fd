"""Embeds a benchmark as the product embeds a library and a query."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.domain.evaluation import BenchmarkImage, LeftOut
from app.domain.media import DecodedPhoto, DecodeRequest
from app.domain.model import Embeddings, ImageTextEncoder
from app.domain.progress import CancelToken
from app.errors import MediaError
from app.library.embeddings import decode, encode

_IMAGE_BATCH, _TEXT_BATCH = 64, 64  # the encoder splits them further where its device wants less
_BATCHES_AHEAD = 2  # at the model, while others are decoded
_DECODED_AHEAD = 2 * _IMAGE_BATCH
_PATIENCE_SECONDS = 0.2

_Result = TypeVar("_Result")

OnProgress = Callable[[str, int, int], None]  # what, done, total


class PhotoDecoder(Protocol):
    """What of the decoding processes is needed here."""

    def submit(self, request: DecodeRequest) -> "Future[DecodedPhoto]":
        """Raises MediaError from the future, with a text for people."""
        ...


@dataclass(frozen=True, slots=True)
class EmbeddedImages:
    """The pictures that could be read."""

    embeddings: Embeddings
    places: NDArray[np.int64]  # in the sequence that was asked for, ascending
    left_out: tuple[LeftOut, ...]


class BenchmarkEmbedder:
    """Reads, decodes and embeds on the way that indexing takes, and rounds as the library stores.

    Raises EncoderError and CheckpointError; CancelledError when called off.
    """

    def __init__(
        self,
        encoder: ImageTextEncoder,
        decoder: PhotoDecoder,
        on_progress: OnProgress,
        cancel: CancelToken,
    ) -> None:
        self.encoder = encoder
        self._decoder = decoder
        self._on_progress = on_progress
        self._cancel = cancel

    def images(self, images: Sequence[BenchmarkImage]) -> EmbeddedImages:
        """Decoding and the model work side by side, each a bounded number of pictures ahead."""
        embedding: deque[Future[Embeddings]] = deque()
        done: list[Embeddings] = []
        waiting: list[NDArray[np.uint8]] = []
        places: list[int] = []
        left_out: list[LeftOut] = []
        for place, future in enumerate(self._decoding(images)):
            try:
                waiting.append(_pixels(self._result(future)))
                places.append(place)
            except MediaError as error:
                left_out.append(LeftOut(images[place].name, str(error)))
            if waiting and (len(waiting) == _IMAGE_BATCH or place + 1 == len(images)):
                embedding.append(self.encoder.submit_images(waiting))
                waiting = []
            while len(embedding) > _BATCHES_AHEAD:
                done.append(self._result(embedding.popleft()))
            self._on_progress("pictures", place + 1, len(images))
        done += [self._result(future) for future in embedding]
        embeddings = _joined(done, self.encoder.spec.dim)
        return EmbeddedImages(embeddings, np.array(places, np.int64), tuple(left_out))

    def texts(self, texts: Sequence[str], what: str) -> Embeddings:
        """(n, dim); a text that comes several times is embedded once."""
        distinct = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        wanted = list(distinct)
        parts: list[Embeddings] = []
        for start in range(0, len(wanted), _TEXT_BATCH):
            self._cancel.check()
            parts.append(self.encoder.encode_texts(wanted[start : start + _TEXT_BATCH]))
            self._on_progress(what, min(start + _TEXT_BATCH, len(wanted)), len(wanted))
        embeddings = np.concatenate(parts) if parts else np.zeros((0, self.encoder.spec.dim), np.float32)
        return embeddings[[distinct[text] for text in texts]]

    def _decoding(self, images: Sequence[BenchmarkImage]) -> "Iterator[Future[DecodedPhoto]]":
        """In order, with the next ones already under way."""
        spec = self.encoder.spec.pixel_spec
        ahead: deque[Future[DecodedPhoto]] = deque()
        for image in images:
            ahead.append(self._decoder.submit(DecodeRequest(image.path, spec)))
            if len(ahead) == _DECODED_AHEAD:
                yield ahead.popleft()
        yield from ahead

    def _result(self, future: "Future[_Result]") -> _Result:
        """Waits are short, so that being called off is noticed."""
        while not wait([future], timeout=_PATIENCE_SECONDS).done:
            self._cancel.check()
        self._cancel.check()
        return future.result()


def _pixels(photo: DecodedPhoto) -> NDArray[np.uint8]:
    assert photo.pixels is not None, "pixels were asked for"
    return photo.pixels


def _joined(parts: Sequence[Embeddings], dim: int) -> Embeddings:
    """As they come back from the library, which keeps float16."""
    return decode([encode(row) for part in parts for row in part], dim)
