-- A file in two passes that keep little: what it says of each voting record, with how many rows say so and the bytes of their own
-- cells; and the cells that are of one vote.
create table {raw}_accounts as
select
  {account_columns},
  count(*) as rows_that_say_so,
  sum({vote_bytes}) as vote_bytes,
  bool_or({vote_marks}) as has_vote_marks
from {rows}
group by all;

create table {raw} as
select {vote_columns} from {rows}
