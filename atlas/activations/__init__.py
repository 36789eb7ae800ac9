"""What a network answers to photos: activations of whole photos and of their patches, cached, and tallied by unit."""
