"""Who answered what: forced choices, written replies, judging, statistics."""
