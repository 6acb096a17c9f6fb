"""X (Twitter) for careline: hears mentions and direct messages, answers in public and private."""
