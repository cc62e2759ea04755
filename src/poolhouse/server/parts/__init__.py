"""The parts of the server: each builds what it needs on the ground, and says what it adds. One that is off is never
imported."""
