"""Text as such: words, n-grams, wording for people, and safety on a terminal. Knows nothing of models or runs."""
