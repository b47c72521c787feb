"""The coordinator: decisions and state machines. No user code, no behave, no new processes."""
