"""A text with a heading, a paragraph, a list, a quotation and code, for tests of where each stands."""

from __future__ import annotations

SOURCE = """Before.
# Title #

A paragraph
goes on.

- an item
  goes on
  1. a deeper one
> a quote
> of two lines
```
# no heading
```
After the code.
## Next"""
