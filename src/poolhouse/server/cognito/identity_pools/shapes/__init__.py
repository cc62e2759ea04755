"""Records of identity pools in the words of the API."""
