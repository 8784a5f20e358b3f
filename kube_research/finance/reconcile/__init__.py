"""The groups' books held against themselves: what does not fit in them."""
