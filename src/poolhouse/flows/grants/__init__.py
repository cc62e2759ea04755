"""What a sign-in gives, and when it ends."""
