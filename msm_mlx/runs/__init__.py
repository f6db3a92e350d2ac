"""Run folders: their names, their record, and how a finished run is read."""
