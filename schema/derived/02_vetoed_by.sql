-- Several permanent members can veto the same text. The list is given only where every vote against is known.
update roll_calls set vetoed_by = case
  when outcome <> 'vetoed' then '[]'
  when official_no = (select count(*) from votes where votes.roll_call_id = roll_calls.id and votes.vote = 'no') then (
    select json_group_array(member_id) from (
      select votes.member_id
      from votes
      join council_terms on council_terms.member_id = votes.member_id and council_terms.is_permanent = 1
      where votes.roll_call_id = roll_calls.id and votes.vote = 'no'
      order by votes.member_id
    )
  )
end;
