"""What makes bundled data and generated pages; never imported by the library."""
