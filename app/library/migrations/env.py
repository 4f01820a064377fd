"""Alembic's entry point. The program calls it with an open transaction; nothing else runs migrations."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
