"""Answers: what staff order: where it leads, whether it may go, and that no two say it."""
