"""Count what people use, and keep it within its bounds."""
