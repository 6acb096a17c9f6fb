"""Two runs of one SQLite file are refused, however the first one ends."""

import subprocess
import sys
from pathlib import Path

import pytest

from careline.errors import StoreError
from careline.store.lock import RunLock

_HOLD = """
import sys
from pathlib import Path
from careline.store.lock import RunLock
with RunLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(file: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", _HOLD, str(file)]
    process = subprocess.Popen(command, stdin=-1, stdout=-1, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_told_who_holds_the_file_until_that_one_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "careline.db"
    with holder(file) as first:
        with pytest.raises(StoreError, match=rf"pid {first.pid}\).* {file}: stop that one first"):
            RunLock(file).__enter__()
        first.kill()
        first.wait(30)
        with RunLock(file):
            pass


def test_another_name_of_the_same_file_is_the_same_lock(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "careline.db")
    with RunLock(tmp_path / "careline.db"), pytest.raises(StoreError, match="another `careline"):
        RunLock(tmp_path / "link.db").__enter__()


def test_other_files_and_other_databases_are_free(tmp_path: Path) -> None:
    with RunLock(tmp_path / "a.db"), RunLock(tmp_path / "b.db"), RunLock(None), RunLock(None):
        pass


def test_a_lock_let_go_of_can_be_taken_again(tmp_path: Path) -> None:
    lock = RunLock(tmp_path / "careline.db")
    for _ in range(2):
        with lock:
            pass


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere.*may this user write there\?"):
        RunLock(tmp_path / "nowhere" / "careline.db").__enter__()
