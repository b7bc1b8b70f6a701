-- Only members that belonged to the bloc and could vote on the day are counted.
create view bloc_votes as
select
  eligible_members.roll_call_id,
  bloc_memberships.bloc_id,
  count(*) as eligible,
  count(votes.vote) as known,
  count(votes.vote) filter (where votes.vote = 'yes') as in_favour,
  count(votes.vote) filter (where votes.vote = 'no') as against,
  count(votes.vote) filter (where votes.vote = 'abstain') as abstaining,
  count(votes.vote) filter (where votes.vote = 'not_voting') as not_voting
from eligible_members
join roll_calls on roll_calls.id = eligible_members.roll_call_id
join bloc_memberships
  on bloc_memberships.member_id = eligible_members.member_id
  and bloc_memberships.valid_from <= roll_calls.voted_on
  and coalesce(bloc_memberships.valid_until, roll_calls.voted_on) >= roll_calls.voted_on
left join votes
  on votes.roll_call_id = eligible_members.roll_call_id
  and votes.member_id = eligible_members.member_id
group by eligible_members.roll_call_id, bloc_memberships.bloc_id;
