create view {view} as
select {cells}, rowid + 2 as line, rows_that_say_so as row_count
from {raw}_accounts as file
