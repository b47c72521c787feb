"""The public events of a run and the journal that stores them. Imports model alone."""
