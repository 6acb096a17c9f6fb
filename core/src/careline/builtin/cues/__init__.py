"""The `cues` classifier: what a message wants, told by its words alone, in microseconds."""
