"""What the product does: pure functions of values and ports. No HTTP, no database, no clock of its own."""
