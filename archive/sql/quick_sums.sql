select
  sum(rows_that_say_so)::bigint,
  (sum(vote_bytes) + sum(rows_that_say_so * ({account_bytes})))::bigint,
  sum(rows_that_say_so * ({account_marks}))::bigint,
  bool_or(has_vote_marks)
from {raw}_accounts
