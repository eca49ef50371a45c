"""Many clips: a file of requests, made by processes of this machine or actors of a Ray cluster, none lost, none twice."""
