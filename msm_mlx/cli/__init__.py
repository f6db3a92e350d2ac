"""The command line: it wires, shows and reports; the work is elsewhere."""
