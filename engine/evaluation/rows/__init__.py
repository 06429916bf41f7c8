"""The rows of the evaluation by what they are about."""
