"""Attribution: how much each activation of a network had to do with another, found on the way back through it."""
