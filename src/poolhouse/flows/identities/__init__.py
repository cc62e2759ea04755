"""Identity pools, and the identities in them."""
