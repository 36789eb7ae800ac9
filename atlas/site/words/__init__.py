"""Words: how numbers, measurements, methods and people's labels are written on pages."""
