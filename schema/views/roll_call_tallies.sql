-- The official tally beside the one counted from the votes, so that anyone can see them agree.
create view roll_call_tallies as
select
  roll_calls.id as roll_call_id,
  roll_calls.voted_on,
  roll_calls.body,
  roll_calls.question,
  roll_calls.outcome,
  roll_calls.votes_known,
  roll_calls.official_yes,
  count(votes.vote) filter (where votes.vote = 'yes') as counted_yes,
  roll_calls.official_no,
  count(votes.vote) filter (where votes.vote = 'no') as counted_no,
  roll_calls.official_abstain,
  count(votes.vote) filter (where votes.vote = 'abstain') as counted_abstain,
  roll_calls.official_not_voting,
  count(votes.vote) filter (where votes.vote = 'not_voting') as counted_not_voting
from roll_calls
left join votes on votes.roll_call_id = roll_calls.id
group by roll_calls.id
order by roll_calls.voted_on, roll_calls.body, roll_calls.sequence nulls last, roll_calls.id;
