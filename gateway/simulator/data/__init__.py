"""The simulated companies' documents: a generator for each entity, and the words and numbers they are made of."""
