"""Nearest-neighbour search over embeddings; the only room that imports hnswlib.

SQLite is the truth, the files of this room are caches of it: whoever owns an index compares `status()` and
`labels()` with the embeddings table and adds or removes the difference. `open_index` in `index_process` is
the way in.
"""
