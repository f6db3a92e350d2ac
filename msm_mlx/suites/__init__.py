"""What is asked in an evaluation: items, suites, and what a reply says."""
