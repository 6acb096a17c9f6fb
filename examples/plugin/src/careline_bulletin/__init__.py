"""Notes on a bulletin board, as a channel for careline."""
