create table member_names as
select
  known_members.id as member_id,
  ballots.ms_name as name,
  min(accounts.date) as first_used_on,
  max(accounts.date) as last_used_on,
  count(*) as roll_calls
from ballots
join accounts using (body, undl_id)
join known_members on known_members.code = ballots.ms_code
group by all
order by member_id, name;

create table members as
select
  known_members.id,
  known_members.code,
  known_members.short_name,
  known_members.status,
  known_members.region,
  known_members.regional_group,
  min(member_names.first_used_on) as first_voted_on,
  max(member_names.last_used_on) as last_voted_on,
  coalesce(sum(member_names.roll_calls), 0)::bigint as roll_calls
from known_members
left join member_names on member_names.member_id = known_members.id
group by all
order by known_members.id
