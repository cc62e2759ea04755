"""Who calls signed operations, whether they are who they say, and what they may do."""
