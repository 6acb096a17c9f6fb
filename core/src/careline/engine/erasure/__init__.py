"""Erasure: what is forgotten of a person, and what may be known of one."""
