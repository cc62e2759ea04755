"""Signing keys, and the one door to JWS."""
