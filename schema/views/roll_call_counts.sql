-- The four kinds of vote as rows, for lists and charts; roll_call_tallies has them as columns.
create view roll_call_counts as
with counts as (
  select id as roll_call_id, 1 as place, 'yes' as vote, 'in favour' as label, 'voted in favour' as vote_in_words, official_yes as official_count
  from roll_calls
  union all
  select id, 2, 'no', 'against', 'voted against', official_no from roll_calls
  union all
  select id, 3, 'abstain', 'abstaining', 'abstained', official_abstain from roll_calls
  union all
  select id, 4, 'not_voting', 'not voting', 'did not vote', official_not_voting from roll_calls
)
select
  counts.roll_call_id,
  counts.place,
  counts.vote,
  counts.label,
  counts.vote_in_words,
  counts.official_count,
  (select count(*) from votes where votes.roll_call_id = counts.roll_call_id and votes.vote = counts.vote) as members_known
from counts
order by counts.roll_call_id, counts.place;
