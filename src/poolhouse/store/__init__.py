"""The document port, its adapters, and the repositories that are written once over it."""
