"""Hosted pages. They come with the OAuth endpoints; nothing is served from here yet."""
