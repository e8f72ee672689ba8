"""What a run is asked for: command line, configuration file, list of ignored hashtags."""
