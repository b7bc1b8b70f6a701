-- The tables and indexes of a database that take the most pages, in megabytes and in hundredths of the file.
select name, sum(pgsize) / 1e6 as megabytes, 100.0 * sum(pgsize) / sum(sum(pgsize)) over () as share
from dbstat
group by name
order by megabytes desc
limit :parts
