"""OAuth 2 and OpenID Connect: what clients ask for at endpoints, and by which rules it is given."""
