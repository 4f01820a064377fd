"""Retrieval benchmarks on data the user has: how well a model finds, next to what was published about it."""
