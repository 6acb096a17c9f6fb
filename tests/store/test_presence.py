"""What a run held is known to be nobody's once that run is gone, however it ended."""

import subprocess
import sys

import pytest

from careline.store.presence import Presence, gone
from careline.store.store import Store

HOLD = """
import sys
from careline.store.presence import Presence
from careline.store.store import Store
with Presence(Store(sys.argv[1]), 77):
    print("there", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_there_until_its_process_is_killed(store: Store) -> None:
    command = [sys.executable, "-c", HOLD, store.url]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as run:
        assert run.stdout
        assert run.stdout.readline() == "there\n"
        here = set() if not store.is_sqlite else {77}  # one run at a time works on SQLite
        assert store.read_now(lambda conn: gone(conn, {77})) == here
        run.kill()
    for _ in range(200):  # the server has to notice that its client is no more
        if store.read_now(lambda conn: gone(conn, {77, 78})) == {77, 78}:
            return
    raise AssertionError("a killed run is still taken for one that is there")


def test_a_run_that_ends_is_there_no_more(store: Store) -> None:
    with Presence(store, 5):
        assert store.read_now(lambda conn: gone(conn, {6})) == {6}
    assert store.read_now(lambda conn: gone(conn, {5})) == {5}


def test_a_run_whose_connection_was_cut_is_there_again_once_it_looks(store: Store) -> None:
    if store.is_sqlite:
        pytest.skip("a file needs no connection to tell who works on it")
    held = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 4242"
    with Presence(store, 4242) as here:
        (pid,) = store.read_now(lambda conn: conn.exec_driver_sql(held).one())
        store.write_now(lambda conn: conn.exec_driver_sql(f"SELECT pg_terminate_backend({pid})"))
        here.ensure()
        assert store.read_now(lambda conn: gone(conn, {4242})) == set()
