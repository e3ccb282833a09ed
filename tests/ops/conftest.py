"""The tests of the table see all of it, also the families that are loaded when they are needed."""

from gradtape.ops import load_families

load_families()
