"""Pictures: the files that are derived of a store's masters, made once and kept across builds."""
