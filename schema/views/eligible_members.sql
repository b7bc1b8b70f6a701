-- A Council roll call is open to the members that hold a seat that day, an Assembly roll call to all members.
create view eligible_members as
select roll_calls.id as roll_call_id, members.id as member_id
from roll_calls
join members on members.joined_on <= roll_calls.voted_on
where roll_calls.body = 'GA'
   or exists (
     select 1 from council_terms
     where council_terms.member_id = members.id
       and council_terms.valid_from <= roll_calls.voted_on
       and coalesce(council_terms.valid_until, roll_calls.voted_on) >= roll_calls.voted_on
   );
