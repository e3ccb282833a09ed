"""`fit`, `evaluate` and `predict`, and the callbacks that look on; one's own loop needs none of them."""
