"""The faces, the outside of the server, and the one place that builds everything."""
