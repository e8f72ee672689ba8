"""What a run would take, told before it is paid for."""
