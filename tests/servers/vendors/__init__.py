"""Small servers of ours on loopback that follow the documents of services which cannot be run here."""
