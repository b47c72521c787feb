"""What people and other programs see of a run: displays, summary, JUnit, replay into formatters."""
