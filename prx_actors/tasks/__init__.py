"""Tasks: actors that stand for OS processes."""
