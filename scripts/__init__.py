"""The build of On the Record, one module a stage; build.py reads as the list of stages."""
