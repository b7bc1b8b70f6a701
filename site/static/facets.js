// Datasette's table.js offers counts of a column where this says so; in Datasette's own page it is a line of script.
DATASETTE_ALLOW_FACET = true;
