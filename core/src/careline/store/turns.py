"""Turns: units that fold a brand's conversations come one after another."""

from sqlalchemy import Connection


def take_turn(conn: Connection, brand: str) -> None:
    """Wait until no other unit folds conversations of `brand`; hold the turn until the commit.

    To be called before anything is read that the unit writes again. SQLite has one writer anyway.
    """
    if conn.dialect.name == "postgresql":
        lock = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
        conn.exec_driver_sql(lock, (f"careline/{brand}",))


def take_all_turns(conn: Connection) -> None:
    """Wait for the units of all brands: a person may have written to any."""
    for (brand,) in conn.exec_driver_sql("SELECT id FROM brands ORDER BY id").all():
        take_turn(conn, brand)
