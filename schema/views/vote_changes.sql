-- A text is held against the one before it in its series; a member not known, or not a member, on either has no row.
create view vote_changes as
with consecutive as (
  select
    resolutions.series,
    roll_calls.id as later_roll_call_id,
    roll_calls.voted_on as later_voted_on,
    lag(roll_calls.id) over in_series as earlier_roll_call_id,
    min(roll_calls.votes_known = 'all', lag(roll_calls.votes_known = 'all') over in_series) as all_votes_known
  from roll_calls
  join resolutions on resolutions.id = roll_calls.resolution_id
  where roll_calls.kind = 'whole_text' and roll_calls.body = 'GA'
  window in_series as (partition by resolutions.series order by roll_calls.voted_on, roll_calls.sequence nulls last, roll_calls.id)
)
select
  consecutive.series,
  consecutive.earlier_roll_call_id,
  consecutive.later_roll_call_id,
  consecutive.later_voted_on,
  consecutive.all_votes_known,
  later.member_id,
  members.short_name as member,
  members.region,
  earlier.vote as vote_before,
  later.vote as vote_after
from consecutive
join votes as later on later.roll_call_id = consecutive.later_roll_call_id
join votes as earlier on earlier.roll_call_id = consecutive.earlier_roll_call_id and earlier.member_id = later.member_id
join members on members.id = later.member_id
where consecutive.series <> 'single' and earlier.vote <> later.vote
order by consecutive.series, consecutive.later_voted_on, consecutive.later_roll_call_id, members.short_name;
