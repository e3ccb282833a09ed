"""What was asked for, and whether the target uses it: the same object, the forgotten part, the question itself."""
