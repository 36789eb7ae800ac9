"""Views: what of a picture the network is shown at each step."""
