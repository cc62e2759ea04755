"""Records in the words of the API."""
