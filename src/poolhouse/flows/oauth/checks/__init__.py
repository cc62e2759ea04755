"""What is checked of an authorization request: pure functions in tables, in the order of the typed stages
(``stages``)."""
