"""The arms of a run as models of Inspect (inspect_ai). Needs the extra `inspect`."""
