"""The experiment as a YAML file: its schema, its checks, and what of it decides which stages."""
