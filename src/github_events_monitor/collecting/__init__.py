"""One collecting pass over one repository, step by step; `enhanced_event_collector` runs them."""
