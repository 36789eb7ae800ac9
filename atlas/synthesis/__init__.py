"""The parts that every method is composed of: parametrizations, transforms, objectives and the one ascent loop."""
