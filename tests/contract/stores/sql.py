"""SQL behind the stores' backs."""

import sqlite3
from contextlib import closing
from pathlib import Path


def sql(path: Path, statement: str, *parameters: object) -> list[tuple[object, ...]]:
    """Run a statement and return what it finds."""
    with closing(sqlite3.connect(path)) as database, database:
        return database.execute(statement, parameters).fetchall()
