"""The study of people: what is asked, of whom, and what the answers say. No pictures, no pages."""
