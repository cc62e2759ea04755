"""What keeps guessers out."""
