"""From an analysis to at most one issue: duplicate check, masking, marker, exactly-once filing."""
