"""`python -m agents`."""

import sys

from agents.cli.main import main

sys.exit(main(sys.argv[1:]))
