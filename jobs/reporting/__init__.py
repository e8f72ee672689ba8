"""What a run prints, and the record that it leaves."""
