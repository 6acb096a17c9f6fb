"""How long to wait after a failure, so that many who failed together do not return together."""

from random import Random


def full_jitter(failures: int, random: Random, *, base: float = 1.0, cap: float = 300.0) -> float:
    """Return seconds: any time up to `base` doubled with each failure, at most `cap`."""
    return random.uniform(0.0, min(cap, base * 2.0 ** min(failures, 30)))
