"""Composites of integration over samples: those of `scipy.integrate`, loaded when the first one is used."""
