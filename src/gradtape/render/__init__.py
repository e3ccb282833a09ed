"""How a `Diagnostic` or an `Explanation` is shown: text, coloured text, one line, JSON. Decides nothing about truth."""
