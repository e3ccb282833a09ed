"""Values that leave the framework and come back: conversions, arrays, libraries, callbacks, own rules."""
