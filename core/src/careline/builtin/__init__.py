"""Plugins that come with careline: found, configured and judged as any stranger's would be."""
