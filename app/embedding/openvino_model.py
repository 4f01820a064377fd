"""Runs an exported model on the processor through OpenVINO.

The one place that imports OpenVINO and NNCF. Both would report over the network how they are used, through a
package that is made impossible to import first; without it they report nothing.
"""

import functools
import logging
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.embedding.devices import installed_version, physical_cores
from app.embedding.reasons import first_line
from app.errors import EncoderError

_log = logging.getLogger(__name__)

_REPORTING = "openvino_telemetry"
_DEVICE = "CPU"
_GROUP = "32"  # so many neighbouring activations share a scale where these become 8-bit while computing

_CAPABILITIES = {"float32": "FP32", "bfloat16": "BF16", "int8": "INT8", "int8-dynamic": "INT8"}

Arrays = Mapping[str, NDArray[Any]]


class OpenVinoModel:
    """A compiled model with one output. Thread-safe; calls from several threads take turns.

    The first axis of its inputs is the batch, of any length. Raises EncoderError when OpenVINO cannot be
    used here, or not with this model.
    """

    def __init__(self, path: Path, precision: str = "float32") -> None:
        """`path`: the .xml file. "bfloat16" takes a float32 model, the 8-bit precisions one made for them."""
        core = _core()
        try:
            self._compiled = core.compile_model(core.read_model(path), _DEVICE, _options(precision))
        except RuntimeError as error:
            raise EncoderError(f"OpenVINO cannot run the model: {first_line(error)}") from error
        self._requests = threading.local()

    def run(self, inputs: Arrays) -> NDArray[np.float32]:
        """The output as (n, ...) float32, the caller's to keep. RuntimeError when computing fails."""
        request = getattr(self._requests, "request", None)
        if request is None:  # one cannot be shared by threads
            request = self._requests.request = self._compiled.create_infer_request()
        request.infer(dict(inputs), share_inputs=True)
        return np.array(request.get_output_tensor(0).data, np.float32)


def supports(precision: str) -> bool:
    """Whether this processor has instructions for a precision; elsewhere it would only be slower."""
    try:
        return _CAPABILITIES[precision] in _core().get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES")
    except (EncoderError, RuntimeError) as error:
        _log.info("OpenVINO does not tell what this processor can do: %s", error)
        return False


def openvino_version() -> str:
    """Without importing it; "" where it is not installed."""
    return installed_version("openvino")


def nncf_version() -> str:
    """Without importing it; "" where it is not installed."""
    return installed_version("nncf")


def load_openvino() -> Any:
    """The module. Raises EncoderError where it is missing or cannot run."""
    return _import("openvino")


def load_nncf() -> Any:
    """The module, which imports torch. Raises EncoderError where it is missing or cannot run."""
    return _import("nncf")


def _options(precision: str) -> dict[str, Any]:
    """What is not 8-bit in an 8-bit model is bfloat16 where the processor has it: as exact, and faster."""
    half = precision == "bfloat16" or (precision != "float32" and supports("bfloat16"))
    options: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",  # all cores on one batch; the other hint is half as fast here
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        "INFERENCE_NUM_THREADS": physical_cores(),
    }
    if precision == "int8-dynamic":
        options["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = _GROUP
    return options


def _import(name: str) -> ModuleType:
    _block_reporting()
    try:
        return __import__(name)
    except Exception as error:
        raise EncoderError(f"{name} cannot be used on this computer: {first_line(error)}") from error


def _block_reporting() -> None:
    """None here makes Python refuse the import, which both libraries take for its not being installed."""
    sys.modules[_REPORTING] = None  # type: ignore[assignment]


@functools.cache
def _core() -> Any:
    """One for the process: each would have threads and plugins of its own."""
    return load_openvino().Core()
