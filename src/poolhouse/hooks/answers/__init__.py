"""What hooks answer with: small frozen values."""
