"""The command `gradtape`: parses arguments, runs a script, calls the public functions, prints."""
