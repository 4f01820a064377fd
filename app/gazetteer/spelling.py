"""Comparing names of places as loosely as people spell them."""

import unicodedata


def plain(name: str, *, accents: bool = True) -> str:
    """Case, width and spaces folded; without `accents`, "São" is "sao"."""
    folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    if accents:
        return folded
    marked = unicodedata.normalize("NFD", folded)
    return "".join(each for each in marked if unicodedata.category(each) != "Mn")


def spoken(names: list[str]) -> list[str]:
    """Those of GeoNames' other names that somebody may say.

    Left out are codes of airports ("LIS") and transcriptions that only machines write ("li si ben"); those
    are the ones in lower case.
    """
    return [
        name
        for name in names
        if not name.isascii() or not (name.islower() or (name.isupper() and len(name) <= _CODE_LETTERS))
    ]


_CODE_LETTERS = 4
