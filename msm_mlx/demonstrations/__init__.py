"""Demonstrations: chat rows that show a behaviour without giving its reasons."""
