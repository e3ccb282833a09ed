"""When and through what: work outside the tape, copies and state, data sets, gradients that were turned off."""
