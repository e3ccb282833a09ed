"""Rows of the operations that networks are made of; loaded when they are needed."""
