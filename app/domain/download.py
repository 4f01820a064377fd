"""The models that can be downloaded, and how a download stands."""

from dataclasses import dataclass
from enum import StrEnum


class ModelTier(StrEnum):
    """The three models that a new user chooses among."""

    LIGHT = "light"
    STANDARD = "standard"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model that is known to work, with the figures its authors published."""

    hub_id: str  # "": on no hub, the user supplies the file
    name: str  # for people
    family: str  # "siglip2", "siglip2-naflex", "siglip", "clip", "mcip"
    download_bytes: int  # approximate: float32 weights and tokenizer
    dim: int
    side: int  # pixels of the square picture it looks at; NaFlex: of a square one among any shapes
    patch: int  # pixels of the side of a patch
    tokens: int  # patches of a picture; NaFlex: at most, unless the settings say otherwise
    vision_parameters: float  # in millions
    text_parameters: float
    gflop_per_image: float
    imagenet_zero_shot: float | None  # percent, as all figures below; None: not published, or not known to us
    coco_text_to_image: float | None  # R@1: the photo described comes first among 5,000
    coco_image_to_text: float | None
    crossmodal_text_to_image: float | None  # R@1 over 36 languages
    gpr1200_image_to_image: float | None  # mAP: of similar pictures
    languages: int | None  # of the texts it was trained with
    licence: str
    source: str  # of the figures: a key of the file's `sources`
    quality: str  # a sentence or two for people; "" where there is nothing to choose by
    tier: ModelTier | None = None  # None: known, but not offered at the first start


@dataclass(frozen=True, slots=True)
class DeviceSpeed:
    """How fast this machine multiplies matrices, measured as the encoder would run them."""

    device: str  # "cpu", "cuda", "mps"
    gflops: float  # 10^9 floating point operations a second, float32
    memory_bytes: int  # of the device; on a CPU or an Apple GPU of the machine
    cores: int


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A model of the catalogue as it stands on this machine."""

    model: CatalogueModel
    downloaded: bool = False
    in_use: bool = False
    partial_bytes: int = 0  # of a download that was broken off
    photos_a_minute: float | None = None  # an estimate; None until the machine was measured
    recommended: bool = False


class DownloadPhase(StrEnum):
    """What a download is doing."""

    IDLE = "idle"
    CONNECTING = "connecting"
    DOWNLOADING = "downloading"
    CHECKING = "checking"  # everything is here; its checksums are compared
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Transfer:
    """How far the files of a model have come."""

    phase: DownloadPhase = DownloadPhase.CONNECTING
    done_bytes: int = 0
    total_bytes: int = 0  # 0 until the hub has said


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """A snapshot of the download of one model."""

    phase: DownloadPhase = DownloadPhase.IDLE
    hub_id: str = ""
    done_bytes: int = 0
    total_bytes: int = 0
    rate: float | None = None  # bytes a second, over the last seconds
    seconds_left: float | None = None
    message: str = ""  # for people, when it failed

    @property
    def active(self) -> bool:
        """Whether it is under way."""
        return self.phase in (DownloadPhase.CONNECTING, DownloadPhase.DOWNLOADING, DownloadPhase.CHECKING)
