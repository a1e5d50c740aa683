"""What masks, filled holes and pastes are worth: one metric or baseline per file, and the tables made of them."""
