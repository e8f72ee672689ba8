"""Where snapshots are kept: paths, files, folders and object stores."""
