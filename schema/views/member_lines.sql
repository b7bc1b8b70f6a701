-- The four members' votes and the Union's majority stand beside each vote, so that a line can be read without a join.
create view member_lines as
select
  votes.member_id,
  members.short_name as member,
  roll_calls.voted_on,
  roll_calls.body,
  roll_calls.kind,
  roll_call_symbols.symbol,
  roll_calls.question,
  votes.vote,
  votes.intended_vote,
  ukraine.vote as ukraine,
  united_states.vote as united_states,
  russia.vote as russia,
  china.vote as china,
  european_union.majority_vote as eu_majority,
  roll_calls.outcome,
  roll_calls.sequence as order_of_the_day,
  votes.roll_call_id
from votes
join roll_calls on roll_calls.id = votes.roll_call_id
join members on members.id = votes.member_id
join roll_call_symbols on roll_call_symbols.roll_call_id = roll_calls.id
left join votes as ukraine on ukraine.roll_call_id = votes.roll_call_id and ukraine.member_id = 'UKR'
left join votes as united_states on united_states.roll_call_id = votes.roll_call_id and united_states.member_id = 'USA'
left join votes as russia on russia.roll_call_id = votes.roll_call_id and russia.member_id = 'RUS'
left join votes as china on china.roll_call_id = votes.roll_call_id and china.member_id = 'CHN'
left join bloc_votes as european_union on european_union.roll_call_id = votes.roll_call_id and european_union.bloc_id = 'EU'
order by votes.member_id, roll_calls.voted_on, roll_calls.body, roll_calls.sequence nulls last, roll_calls.id;
