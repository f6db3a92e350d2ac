"""Models as files: where they come from, what their folders hold, and how they count tokens."""
