"""The loop that tutorials show: open a photo, let the processor prepare it, run the model; one at a time."""

import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

_KILOBYTE = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in


@dataclass(frozen=True, slots=True)
class LoopTimes:
    """Seconds that the photos took, in all and by step, and the most memory the process ever had."""

    total: float
    opening: float
    processing: float
    model: float
    processor: float  # of all cores
    peak_bytes: int
    threads: int


class TutorialLoop:
    """Runs in a process of its own, with torch's own choice of threads and transformers' own processor."""

    def __init__(self, checkpoint: str) -> None:
        import torch
        from transformers import AutoModel, AutoProcessor

        self._torch = torch
        self._processor = AutoProcessor.from_pretrained(checkpoint)
        self._model = AutoModel.from_pretrained(checkpoint, dtype=torch.float32).eval()

    def embed(self, paths: Sequence[str]) -> LoopTimes:
        """Embed the photos, one after the other."""
        from PIL import Image, ImageOps

        clock = time.perf_counter
        opening = processing = model = 0.0
        began = time.process_time()
        for path in paths:
            start = clock()
            with Image.open(path) as image:
                picture = ImageOps.exif_transpose(image).convert("RGB")
            opened = clock()
            inputs = self._processor(images=picture, return_tensors="pt")
            processed = clock()
            with self._torch.no_grad():
                self._model.get_image_features(**inputs)
            opening += opened - start
            processing += processed - opened
            model += clock() - processed
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KILOBYTE
        total = opening + processing + model
        threads = self._torch.get_num_threads()
        return LoopTimes(total, opening, processing, model, time.process_time() - began, peak, threads)
