"""The options of a run: command line, configuration file, list of ignored hashtags."""
