"""A report of a site, for Word or as one page."""
