"""Settings: a TOML file, the environment over it, and secrets that hide themselves."""
