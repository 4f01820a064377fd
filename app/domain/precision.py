"""What comparing the ways to compute on this machine showed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrecisionResult:
    """One reduced precision against float32, on photos of the user's own."""

    precision: str  # "bfloat16", "float16", "int8-dynamic", "int8"
    cosine: float  # the smallest, of embeddings of the same photo
    overlap: float  # share of the ten nearest neighbours that stay the same, on average
    speed: float  # times as fast as float32
    passed: bool


@dataclass(frozen=True, slots=True)
class CompiledResult:
    """The precision that is used, compiled, against float32 and against itself as it is."""

    cosine: float
    overlap: float
    speed: float  # times as fast as the same precision without
    photos: int  # after which compiling has paid; 0: it does not


@dataclass(frozen=True, slots=True)
class PrecisionProof:
    """Which precision is used, and why."""

    chosen: str  # the fastest that passed; "float32" when none did
    photos: int  # that were compared
    day: str  # YYYY-MM-DD
    processor: str  # or the GPU: the name of what computed
    results: tuple[PrecisionResult, ...]
    device: str = "cpu"  # or "cuda", "mps"
    compiled: CompiledResult | None = None  # None where it was not, or could not be tried

    @property
    def result(self) -> PrecisionResult | None:
        """Of the precision that is used; None for float32, which needs no proof."""
        return next((one for one in self.results if one.precision == self.chosen), None)
