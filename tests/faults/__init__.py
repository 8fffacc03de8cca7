"""The catalogue of faults, by number: a test of fault N is named `test_fault_NN_…` (docs/faults.md lists them)."""
