"""The commands a person uses: ``python -m operate <command>``, wrapped by make targets."""
