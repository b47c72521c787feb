"""The coordinator: decisions and state machines. No user code, no behave, no process is made here."""
