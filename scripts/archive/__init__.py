"""The archive: every recorded vote on an adopted text since 1946, made from the files of the UN Digital Library.

The stages follow one another as the record's do: read, validate, derive, load. What is told of tables, and the SQL
that is more than a line, stands in the folder `archive`.
"""
