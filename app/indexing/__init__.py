"""Scan folders, watch them, decode, embed, store: the worker and its pipeline."""
