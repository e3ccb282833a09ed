"""The programs of the causes are run by `test_cases.py`; they are no tests by themselves."""

collect_ignore = ["cases"]
