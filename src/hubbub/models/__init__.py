"""Models that answer and models that embed."""
