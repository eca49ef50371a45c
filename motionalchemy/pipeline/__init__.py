"""From a request to a result: the only owner of the order in which things happen."""
