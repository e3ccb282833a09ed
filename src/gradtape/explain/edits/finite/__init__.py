"""Numbers that are lost: singular points, flat regions, overflow, masks."""
