"""Rows of space: distances between points, rotations."""
