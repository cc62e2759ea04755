"""The user-pools API: its operations, shapes, errors and encodings."""
