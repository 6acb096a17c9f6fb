"""The base classes behind `careline.plugin`, one noun per module."""
