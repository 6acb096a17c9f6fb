"""Fixtures of the test kit for pytest: loaded by its entry point, nothing in it is automatic."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from careline.testing import FakeClock, MemoryContext, Recorder


@pytest.fixture
def fake_clock() -> "FakeClock":
    """Return a clock that only the test moves."""
    from careline.testing import FakeClock

    return FakeClock()


@pytest.fixture
def recorder() -> "Recorder":
    """Return a logger that keeps its lines."""
    from careline.testing import Recorder

    return Recorder()


@pytest.fixture
def context(fake_clock: "FakeClock", recorder: "Recorder") -> "MemoryContext":
    """Return an in-memory `Context` with this test's `fake_clock` and `recorder`."""
    from careline.testing import MemoryContext

    return MemoryContext(clock=fake_clock, log=recorder)
