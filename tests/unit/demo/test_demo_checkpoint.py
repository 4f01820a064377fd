"""The shipped checkpoint: small, complete, and it knows what it sees."""

from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from app.demo.drawing import draw
from app.demo.scenes import Colour, Count, Daytime, Ground, Kind, Position, Scene, Weather
from app.domain.media import Framing
from app.embedding.checkpoint import describe_checkpoint, open_checkpoint
from app.embedding.siglip import Siglip2Encoder
from app.media.preparing import prepare_pixels
from app.paths import resource

CHECKPOINT = resource("demo/photosift-drawn-scenes")
SCENES = [
    Scene(Kind.CAT, Colour.BLACK, Count.TWO, Position.LEFT, Ground.SNOW, Daytime.DAY, Weather.CLEAR),
    Scene(Kind.CAT, Colour.ORANGE, Count.ONE, Position.RIGHT, Ground.SNOW, Daytime.DAY, Weather.CLEAR),
    Scene(Kind.BUS, Colour.RED, Count.ONE, Position.CENTRE, Ground.CITY, Daytime.NIGHT, Weather.RAIN),
    Scene(Kind.BUS, Colour.BLUE, Count.ONE, Position.CENTRE, Ground.CITY, Daytime.DAY, Weather.CLEAR),
    Scene(
        Kind.BALLOON,
        Colour.YELLOW,
        Count.THREE,
        Position.RIGHT,
        Ground.DESERT,
        Daytime.SUNRISE,
        Weather.CLEAR,
    ),
    Scene(Kind.HOUSE, Colour.WHITE, Count.TWO, Position.LEFT, Ground.LAKE, Daytime.SUNSET, Weather.SNOWFALL),
]
QUERIES = {
    "two black cats in the snow": 0,
    "an orange cat on the right": 1,
    "Red bus at night in the rain": 2,
    "zwei schwarze Katzen im Schnee": 0,
    "ein blauer Bus in der Stadt am Tag": 3,
    "drei gelbe Heißluftballons in der Wüste": 4,
    "雨の夜の街にある赤いバス": 2,
    "黒い猫が二匹": 0,
    "湖、白い家二軒": 5,
}


@pytest.fixture(scope="module")
def encoder():
    with closing(Siglip2Encoder(open_checkpoint(str(CHECKPOINT)), device="cpu")) as opened:
        yield opened


def test_it_is_at_most_15_megabytes():
    assert sum(path.stat().st_size for path in CHECKPOINT.iterdir()) <= 15_000_000


def test_it_is_prepared_for_like_the_fixed_resolution_models_of_the_hub():
    spec = describe_checkpoint(str(CHECKPOINT))
    assert (spec.family, spec.pixel_spec.framing, spec.pixel_spec.resample) == ("siglip", Framing.SQUASH, 2)


def test_every_query_finds_its_scene_first(encoder):
    pictures = [draw(scene, (800, 600), seed=90 + place) for place, scene in enumerate(SCENES)]
    images = encoder.encode_images([_pixels(encoder, picture) for picture in pictures])
    texts = encoder.encode_texts(list(QUERIES))
    found = dict(zip(QUERIES, np.argmax(texts @ images.T, axis=1).tolist(), strict=True))
    assert found == QUERIES


def _pixels(encoder: Siglip2Encoder, picture: Image.Image) -> np.ndarray:
    return prepare_pixels(picture, encoder.spec.pixel_spec, picture.size)
