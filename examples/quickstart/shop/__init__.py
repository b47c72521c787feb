"""What the suite tests: a basket and a till."""
