-- Both members voted yes or no or abstained; who did not vote is not compared.
insert into pair_agreements (body, member_a, member_b, compared, same, opposite, one_abstained, agreement, lijphart_index)
with compared_votes as (
  select roll_calls.body, votes.roll_call_id, votes.member_id, votes.vote
  from votes
  join roll_calls on roll_calls.id = votes.roll_call_id
  where roll_calls.votes_known = 'all' and votes.vote <> 'not_voting'
),
counted as (
  select
    a.body,
    a.member_id as member_a,
    b.member_id as member_b,
    count(*) as compared,
    sum(a.vote = b.vote) as same,
    sum(a.vote <> b.vote and 'abstain' not in (a.vote, b.vote)) as opposite,
    sum(a.vote <> b.vote and 'abstain' in (a.vote, b.vote)) as one_abstained
  from compared_votes as a
  join compared_votes as b on b.roll_call_id = a.roll_call_id and b.member_id > a.member_id
  group by a.body, a.member_id, b.member_id
)
select
  body, member_a, member_b, compared, same, opposite, one_abstained,
  round(same * 1.0 / compared, 4), round((same + one_abstained / 2.0) / compared, 4)
from counted
order by body, member_a, member_b;
