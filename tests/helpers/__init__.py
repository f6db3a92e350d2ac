"""What tests share: doubles of models and of the hub, made run folders, and tables of hard input."""
