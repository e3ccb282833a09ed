"""Somebody's run turned into the neutral graph of `gradtape.explain`."""
