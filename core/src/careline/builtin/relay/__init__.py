"""The `relay` channel: any system that speaks HTTP and JSON, without a plugin of its own."""
