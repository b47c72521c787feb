"""Imports the whole application, for runners that import once and fork many times."""

import agents.a2a
import agents.application
import agents.cli.main
import agents.slash
import agents.uko.default_maps  # noqa: F401
