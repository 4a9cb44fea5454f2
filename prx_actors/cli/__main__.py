"""`python -m prx_actors.cli`, where the command is not on the path."""

from __future__ import annotations

import sys

from prx_actors.cli.main import main

sys.exit(main())
