from features.steps import first, second
