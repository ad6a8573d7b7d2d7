"""`python -m bci` is `bci`."""

import sys

from bci.cli import main

sys.exit(main())
