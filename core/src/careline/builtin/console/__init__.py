"""The `console` notifier: alerts on standard error, where whoever runs careline sees them."""
