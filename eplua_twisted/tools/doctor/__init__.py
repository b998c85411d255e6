"""C{eplua doctor}: whether the machine has what scripts need."""
