"""What leaves a run folder: adapters for other tools, data for bigger machines, a repository of the hub."""
