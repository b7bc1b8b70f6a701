-- M49 regions and sub-regions and UN regional groups follow from the members table.
create temp table derived_blocs as
select 'm49-' || lower(replace(region, ' ', '-')) as id, region as name, 'm49_region' as kind,
  'All members in the region ' || region || ' of the UN''s M49 standard.' as definition,
  id as member_id, joined_on, source_id
from members
union all
select 'm49-' || lower(replace(subregion, ' ', '-')), subregion, 'm49_subregion',
  'All members in the sub-region ' || subregion || ' of the UN''s M49 standard.',
  id, joined_on, source_id
from members
union all
select 'group-' || lower(replace(regional_group, ' ', '-')), regional_group, 'regional_group',
  'All members in the UN regional group ' || regional_group || '.',
  id, joined_on, source_id
from members
where regional_group is not null;

insert into blocs (id, name, kind, definition, source_id)
select id, name, kind, definition, min(source_id) from derived_blocs group by id, name, kind, definition order by id;

insert into bloc_memberships (bloc_id, member_id, valid_from, source_id)
select id, member_id, joined_on, source_id from derived_blocs order by id, member_id;

drop table derived_blocs;
