"""YAML settings with line and column, and every problem at once: recipes, suites and preferences are read by it."""
