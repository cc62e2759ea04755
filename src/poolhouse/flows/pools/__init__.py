"""User pools."""
