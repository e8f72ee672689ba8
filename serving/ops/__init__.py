"""What running the service takes besides answering: health, metrics, logs, limits, and the process itself."""
