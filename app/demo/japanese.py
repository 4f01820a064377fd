"""Japanese captions, with the counter that belongs to each noun."""

from random import Random
from typing import cast

from app.demo.scenes import Colour, Count, Daytime, Ground, Kind, Position, Wanted, Weather

NOUNS: dict[Kind, tuple[str, ...]] = {
    Kind.CAR: ("車", "自動車"),
    Kind.BUS: ("バス",),
    Kind.TRAIN: ("機関車", "汽車"),
    Kind.BICYCLE: ("自転車",),
    Kind.BOAT: ("ヨット", "帆船"),
    Kind.PLANE: ("飛行機",),
    Kind.BALLOON: ("気球", "熱気球"),
    Kind.HOUSE: ("家",),
    Kind.CASTLE: ("城", "お城"),
    Kind.LIGHTHOUSE: ("灯台",),
    Kind.WINDMILL: ("風車",),
    Kind.TENT: ("テント",),
    Kind.TREE: ("木",),
    Kind.FLOWER: ("花",),
    Kind.MUSHROOM: ("きのこ", "キノコ"),
    Kind.DOG: ("犬",),
    Kind.CAT: ("猫",),
    Kind.HORSE: ("馬",),
    Kind.DUCK: ("アヒル",),
    Kind.PERSON: ("人",),
}
COUNTERS: dict[Kind, str] = {
    Kind.CAR: "台",
    Kind.BUS: "台",
    Kind.TRAIN: "両",
    Kind.BICYCLE: "台",
    Kind.BOAT: "隻",
    Kind.PLANE: "機",
    Kind.BALLOON: "機",
    Kind.HOUSE: "軒",
    Kind.CASTLE: "つ",
    Kind.LIGHTHOUSE: "基",
    Kind.WINDMILL: "基",
    Kind.TENT: "張り",
    Kind.TREE: "本",
    Kind.FLOWER: "本",
    Kind.MUSHROOM: "本",
    Kind.DOG: "匹",
    Kind.CAT: "匹",
    Kind.HORSE: "頭",
    Kind.DUCK: "羽",
    Kind.PERSON: "人",
}
# How the thing is there: いる for what lives and moves, ある for the rest.
_FLYING = (Kind.PLANE, Kind.BALLOON)
PRESENCE = {
    **dict.fromkeys(_FLYING, "の上を飛ぶ"),
    **dict.fromkeys((Kind.DOG, Kind.CAT, Kind.HORSE, Kind.DUCK, Kind.PERSON), "にいる"),
}
COLOURS = {
    Colour.RED: ("赤い",),
    Colour.ORANGE: ("オレンジ色の",),
    Colour.YELLOW: ("黄色い",),
    Colour.GREEN: ("緑の", "緑色の"),
    Colour.BLUE: ("青い",),
    Colour.PURPLE: ("紫の", "紫色の"),
    Colour.BLACK: ("黒い",),
    Colour.WHITE: ("白い",),
}
NUMBERS = {Count.ONE: ("一", "1"), Count.TWO: ("二", "2"), Count.THREE: ("三", "3")}
POSITIONS = {
    Position.LEFT: ("左", "左側"),
    Position.CENTRE: ("中央", "真ん中"),
    Position.RIGHT: ("右", "右側"),
}
GROUNDS = {
    Ground.BEACH: ("浜辺", "ビーチ"),
    Ground.MEADOW: ("草原",),
    Ground.SNOW: ("雪原", "冬の雪景色"),
    Ground.CITY: ("街", "都会"),
    Ground.DESERT: ("砂漠",),
    Ground.LAKE: ("湖",),
    Ground.AUTUMN: ("秋の森", "紅葉の森"),
    Ground.BLOSSOM: ("春の花畑", "花咲く春の野原"),
}
DAYTIMES = {
    Daytime.SUNRISE: ("日の出", "朝"),
    Daytime.DAY: ("昼", "昼間"),
    Daytime.SUNSET: ("夕方", "夕焼け"),
    Daytime.NIGHT: ("夜",),
}
WEATHERS = {Weather.CLEAR: "晴れ", Weather.RAIN: "雨", Weather.SNOWFALL: "雪降り"}
WEATHERS_BEFORE_NOUN = {Weather.CLEAR: "晴れた", Weather.RAIN: "雨の", Weather.SNOWFALL: "雪の降る"}


def caption(wanted: Wanted, rng: Random) -> str:
    """One of three shapes: a sentence's order, one long noun phrase, or a list of words."""
    shapes = [_list]
    if "kind" in wanted:
        shapes.append(_scene_first)
        flies_at_side = wanted["kind"] in _FLYING and "position" in wanted
        if "ground" in wanted and not flies_at_side:  # what flies over the beach is not over its left side
            shapes.append(_noun_phrase)
    return rng.choice(shapes)(wanted, rng)


def _list(wanted: Wanted, rng: Random) -> str:
    """赤い車三台、左側、浜辺、夜、雨"""
    parts = _surroundings(wanted, rng)
    if "position" in wanted:
        parts.append(rng.choice(POSITIONS[cast(Position, wanted["position"])]))
    rng.shuffle(parts)
    if "kind" in wanted:
        parts.insert(0, _thing(wanted, rng) + _number(wanted, rng))
    return "、".join(parts)


def _scene_first(wanted: Wanted, rng: Random) -> str:
    """夜、浜辺、雨、左側に赤い車が三台"""
    thing, number = _thing(wanted, rng), _number(wanted, rng)
    if "position" in wanted:
        thing = rng.choice(POSITIONS[cast(Position, wanted["position"])]) + "に" + thing
    return "、".join([*_surroundings(wanted, rng), f"{thing}が{number}" if number else thing])


def _noun_phrase(wanted: Wanted, rng: Random) -> str:
    """雨の夜の浜辺の左側にある三台の赤い車"""
    phrase = WEATHERS_BEFORE_NOUN[cast(Weather, wanted["weather"])] if "weather" in wanted else ""
    if "daytime" in wanted:
        phrase += rng.choice(DAYTIMES[cast(Daytime, wanted["daytime"])]) + "の"
    phrase += rng.choice(GROUNDS[cast(Ground, wanted["ground"])])
    if "position" in wanted:
        phrase += "の" + rng.choice(POSITIONS[cast(Position, wanted["position"])])
    phrase += PRESENCE.get(cast(Kind, wanted["kind"]), "にある")
    number = _number(wanted, rng)
    return phrase + (f"{number}の" if number else "") + _thing(wanted, rng)


def _surroundings(wanted: Wanted, rng: Random) -> list[str]:
    parts = []
    if "daytime" in wanted:
        parts.append(rng.choice(DAYTIMES[cast(Daytime, wanted["daytime"])]))
    if "ground" in wanted:
        parts.append(rng.choice(GROUNDS[cast(Ground, wanted["ground"])]))
    if "weather" in wanted:
        parts.append(WEATHERS[cast(Weather, wanted["weather"])])
    return parts


def _thing(wanted: Wanted, rng: Random) -> str:
    kind = cast(Kind, wanted["kind"])
    noun = rng.choice(NOUNS[kind])
    if "colour" not in wanted:
        return noun
    colour = rng.choice(COLOURS[cast(Colour, wanted["colour"])])
    return f"{colour}服の{noun}" if kind is Kind.PERSON else colour + noun


def _number(wanted: Wanted, rng: Random) -> str:
    if "count" not in wanted:
        return ""
    return rng.choice(NUMBERS[cast(Count, wanted["count"])]) + COUNTERS[cast(Kind, wanted["kind"])]
