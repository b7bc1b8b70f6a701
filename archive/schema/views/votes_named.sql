create view votes_named as
select
  roll_calls.id as roll_call_id,
  roll_calls.voted_on,
  roll_calls.body,
  resolutions.symbol,
  resolutions.title,
  members.code as member_code,
  members.short_name as member,
  members.region,
  vote_kinds.vote
from votes
join roll_calls on roll_calls.id = votes.roll_call_id
join resolutions on resolutions.id = roll_calls.resolution_id
join members on members.id = votes.member_id
join vote_kinds on vote_kinds.id = votes.vote_id
