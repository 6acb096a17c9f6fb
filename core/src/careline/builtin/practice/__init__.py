"""The `practice` channel: a small brand's day, to try careline with no account anywhere."""
