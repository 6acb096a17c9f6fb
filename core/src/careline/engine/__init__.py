"""The engine: pure functions over facts, and what runs them."""
