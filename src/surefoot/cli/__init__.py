"""The `surefoot` command: one module a command. Everything else is imported where it is used."""
