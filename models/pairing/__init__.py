"""Events of EEG beside pictures of their own label, for contrastive training; a match says nothing of the EEG."""
