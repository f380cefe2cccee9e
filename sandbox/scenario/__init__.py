"""The day in the life that `make run` plays, checks and tells."""
