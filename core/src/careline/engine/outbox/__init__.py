"""The way out: takes what is queued to the platforms, and knows our words when they are heard."""
