"""Alembic's scripts; they travel inside the package and are run by `app.library.migrate`."""
