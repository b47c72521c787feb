"""UKO, the Unified Knowledge Ontology: how finely a piece of context can be told."""
