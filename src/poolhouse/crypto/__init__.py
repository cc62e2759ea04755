"""Slow arithmetic and secrets: password hashes, SRP, the vault of the master key, the worker threads."""
