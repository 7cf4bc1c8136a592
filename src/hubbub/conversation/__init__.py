"""From a question to an answer: the straight line."""
