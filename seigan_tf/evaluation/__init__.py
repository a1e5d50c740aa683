"""What the masks are worth: one metric or baseline per file."""
