"""Makes the reference pages of the documentation from the code: ``python -m reference``, ``--check`` to look only."""
