"""Where snapshots are kept: a folder or an object store behind one interface, and the layout of both."""
