"""Plan: from a configuration to tasks. Pure: the same configuration, models and photos give the same keys."""
