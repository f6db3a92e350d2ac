"""Evaluation on unseen prompts: suites, forced choice, written answers, statistics."""
