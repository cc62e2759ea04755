"""The kinds of logins, one module each: whether a login is what it says, and whose it is."""
