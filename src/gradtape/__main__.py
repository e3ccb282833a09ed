"""`python -m gradtape`."""

import sys

from gradtape.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
