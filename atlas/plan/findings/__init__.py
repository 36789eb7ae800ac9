"""Plan of analyses of models: what the ``[[analyse]]`` tables ask for, one file each."""
