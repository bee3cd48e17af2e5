"""Tags and filters of the signals app's templates."""
