"""From a `Diagnostic` or an `Explanation` to text, coloured text, one line, JSON. Decides nothing about what is true."""
