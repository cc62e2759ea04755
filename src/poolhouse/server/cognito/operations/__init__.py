"""One handler per operation, one module per subject. A handler translates; it decides nothing."""
