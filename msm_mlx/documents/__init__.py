"""Writing the documents that explain a spec: plan, prompts, writer, checks, health."""
