"""EEG beside fMRI: pictures that are like each other, seen by two people, bring two recordings into one space."""
