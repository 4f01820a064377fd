"""The library database. SQLite is the truth; the vector index is a cache that is rebuilt from it."""
