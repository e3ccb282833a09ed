"""Recording and sweeping: the gradient tape, the reverse sweep, questions and what is missing."""
