-- Only members that belonged to the bloc and could vote on the day are counted. An index is taken only where every vote of the
-- bloc is known, and Rice's only where a member voted yes or no.
insert into bloc_votes (
  roll_call_id, bloc_id, eligible, known, in_favour, against, abstaining, not_voting, majority_vote, rice_index, attina_index
)
with counted as (
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
  group by eligible_members.roll_call_id, bloc_memberships.bloc_id
),
measured as (
  select *, eligible = known as whole, in_favour + against + abstaining as voting, max(in_favour, against, abstaining) as largest
  from counted
)
select
  roll_call_id, bloc_id, eligible, known, in_favour, against, abstaining, not_voting,
  case
    when whole and 2 * in_favour > voting then 'yes'
    when whole and 2 * against > voting then 'no'
    when whole and 2 * abstaining > voting then 'abstain'
  end,
  case when whole then round(abs(in_favour - against) * 1.0 / nullif(in_favour + against, 0), 4) end,
  case when whole then round((2 * largest - voting) * 1.0 / nullif(voting, 0), 4) end
from measured
order by roll_call_id, bloc_id;
