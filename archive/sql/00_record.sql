-- As key_of_symbol of scripts.laws.
create macro key_of_symbol(symbol) as
  regexp_replace(trim(regexp_replace(symbol, '[^A-Za-z0-9]+', ' ', 'g')), ' ', '-', 'g');

create table refused (body varchar, line bigint);

-- Members and blocs as the record has them, with the numbers that stand for members here.
create table known_members as
select
  row_number() over (order by joined_on, id)::integer as id,
  id as code,
  short_name,
  'present' as status,
  region,
  nullif(regional_group, '') as regional_group
from record_members
union all
select number::integer, code, short_name, 'former', null, null from former_members;

-- What a vote's member must be; held like a file, of which each member is a line.
create view known_codes as
select code, id as line from known_members;

create table known_names as
with names as (
  select id as code, unnest([id, short_name, name] || string_split(coalesce(aliases, ''), '|')) as name from record_members
  union all
  select member_id, name from record_member_names
  union all
  select code, short_name from former_members
)
select distinct lower(replace(name, '’', '''')) as name, code from names where name <> '';

create table vote_kinds as
select * from (values (0, 'no'), (1, 'yes'), (2, 'abstain'), (3, 'not_voting')) as kinds(id, vote);

create table region_blocs as
select 'm49-' || lower(replace(region, ' ', '-')) as id, region as name, 'm49_region' as kind,
  'All members in the region ' || region || ' of the UN''s M49 standard.' as definition, id as code, joined_on
from record_members
union all
select 'm49-' || lower(replace(subregion, ' ', '-')), subregion, 'm49_subregion',
  'All members in the sub-region ' || subregion || ' of the UN''s M49 standard.', id, joined_on
from record_members
union all
select 'group-' || lower(replace(regional_group, ' ', '-')), regional_group, 'regional_group',
  'All members in the UN regional group ' || regional_group || ' today.', id, joined_on
from record_members
where regional_group <> '';

create table blocs as
select id, name, kind, definition from record_blocs
union
select id, name, kind, definition from region_blocs
order by id;

create table bloc_memberships as
select bloc_id, known_members.id as member_id, valid_from, nullif(valid_until, '') as valid_until
from (
  select bloc_id, member_id, valid_from, valid_until from record_bloc_memberships
  union all
  select id, code, joined_on, null from region_blocs
) as belonging
join known_members on known_members.code = belonging.member_id
order by bloc_id, member_id, valid_from
