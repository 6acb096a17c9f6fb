"""Alerts: who of ours is told of what, and how that leaves."""
