"""The frozen events that hooks get."""
