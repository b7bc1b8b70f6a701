-- What a file says of each voting record, with how many rows say so and the bytes of their other cells.
create table {raw}_accounts as
select
  {account_columns},
  count(*) as rows_that_say_so,
  sum({vote_bytes}) as vote_bytes,
  bool_or({vote_marks}) as has_vote_marks
from {rows}
group by all
