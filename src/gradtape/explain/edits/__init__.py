"""The edits that mend a finding, built from the graph and the program's own text."""
