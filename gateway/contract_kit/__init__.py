"""The contract kit: verifies running backends by the contracts, finds out their profiles, and compares contracts."""
