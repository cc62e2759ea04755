"""Every hook with its event, the loop that calls plugins, and the manager that loads them."""
