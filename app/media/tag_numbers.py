"""Numbers out of EXIF values, which may be anything."""

import math
from typing import Any


def number(value: Any) -> float | None:
    """A finite number from an EXIF value: rationals may have a zero denominator, fields may be lists."""
    if isinstance(value, (tuple, list)):
        value = value[0] if value else None
    if value is None or isinstance(value, (str, bytes)):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return found if math.isfinite(found) else None


def within(value: Any, low: float, high: float) -> float | None:
    found = number(value)
    return found if found is not None and low <= found <= high else None
