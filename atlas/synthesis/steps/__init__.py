"""Steps: the one ascent loop, its schedules and optimisers."""
