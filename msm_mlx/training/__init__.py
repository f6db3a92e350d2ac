"""Midtraining on documents and fine-tuning on demonstrations, both by LoRA."""
