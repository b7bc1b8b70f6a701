-- Several permanent members can veto the same text; a veto is known as soon as one of them is known to have voted no.
update roll_calls set vetoed_by = case
  when outcome <> 'vetoed' then '[]'
  else (
    select json_group_array(member_id) from (
      select votes.member_id
      from votes
      join council_terms on council_terms.member_id = votes.member_id and council_terms.is_permanent = 1
      where votes.roll_call_id = roll_calls.id and votes.vote = 'no'
      order by votes.member_id
    )
  )
end;
