"""From a configuration to jobs, and from jobs to records in the store."""
