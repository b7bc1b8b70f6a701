"""The benchmark: ratios of two things timed in one run, on files of the archive's size, and how each grows.

    python -m scripts.bench [--quick] [--only GROUP] [--bulk FOLDER]

Each module that the list in `__main__` names measures one group; `library_files` makes what they are measured on.
"""
