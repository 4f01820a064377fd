"""The values that the rooms pass to each other: frozen dataclasses, standard library and numpy only."""
