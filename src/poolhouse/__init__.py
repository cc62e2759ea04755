"""Poolhouse: an asynchronous, plugin-driven auth server."""
