"""Natural pre-images (Mahendran and Vedaldi 2016)."""
