"""The arms' answers side by side."""
