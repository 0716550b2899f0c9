"""What Alembic runs: the migrations, on the connection and transaction of the caller."""

from __future__ import annotations

from alembic import context

from vitrine.storage.database import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
