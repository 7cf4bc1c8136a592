"""Where answers are started, logged, followed and stopped."""
