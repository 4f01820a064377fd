"""Photosift finds a photo in your own library by what is in it."""

__version__ = "0.1.0"
