"""The nouns of atlas, free of torch: targets, jobs, records, model cards, registries."""
