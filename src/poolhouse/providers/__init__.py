"""External identity providers. They come with federation; nothing is here yet."""
