"""Code that is not ours: imported, called and run without harm to this process, its errors explained."""
