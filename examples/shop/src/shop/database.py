"""The database: one SQLite file, and a session for each piece of work."""

import os
from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from shop.tables import Base

# SQLite knows one writer at a time; the others wait this many seconds for their turn.
PATIENCE = 30

engine = create_engine(
    f"sqlite:///{os.environ.get('SHOP_DATABASE', 'shop.db')}",
    connect_args={"timeout": PATIENCE},
)
sessions = sessionmaker(engine, expire_on_commit=False)


def create() -> None:
    """Make the tables that are missing."""
    Base.metadata.create_all(engine)


def session() -> Iterator[Session]:
    """A session that is closed when the request is done."""
    with sessions() as opened:
        yield opened
