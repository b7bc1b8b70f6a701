-- An entry reads, in the Assembly, "A/60/251 97 General and complete disarmament. DISARMAMENT--GENERAL AND COMPLETE": the agenda's symbol,
-- the item, its title, and a heading in capitals, the Library's term; each but the first may be missing.
create table entries as
select distinct undl_id::integer as roll_call_id, trim(unnest(string_split(agenda_title, '|'))) as entry
from accounts
where agenda_title is not null;

create table read_entries as
with parts as (
  select
    entry,
    regexp_extract(
      entry, '^([AS](?:/|[0-9])[^ ]*(?: & [^ ]+)*)(?: +(\[?[0-9X][0-9A-Za-z]*\$?\]?(?:\[[0-9]+\])?))?(?: +(.*))?$', ['document', 'item', 'words']
    ) as parts
  from (select distinct entry from entries where entry <> '')
),
worded as (
  select entry, parts.document as document, parts.item as item, if(parts.document = '', entry, parts.words) as words
  from parts
)
select
  entry,
  document,
  item,
  rtrim(if(regexp_full_match(words, '[^a-z]*'), '', regexp_extract(words, '^(.*?)(?:[.] +[^a-z]{3,})?$', 1)), '. ') as title,
  if(
    regexp_full_match(words, '[^a-z]*'), words, regexp_extract(words, '[.] +([A-Z][^a-z]{2,})$', 1)
  ) as heading
from worded;

create table agenda_items as
select
  row_number() over (order by entry) as id,
  entry,
  nullif(document, '') as document,
  nullif(item, '') as item,
  nullif(title, '') as title
from read_entries
order by id;

create table roll_call_agenda_items as
select roll_call_id, agenda_items.id as agenda_item_id
from entries
join agenda_items using (entry)
order by all;

create table terms_of_roll_calls as
select distinct roll_call_id, term
from (
  select roll_call_id, nfc_normalize(heading) as term from entries join read_entries using (entry)
  union all
  select undl_id::integer, nfc_normalize(trim(unnest(string_split(subjects, '|')))) from accounts where subjects is not null
)
where term <> '';

create table subject_terms as
select row_number() over (order by term) as id, term, count(*) as roll_calls
from terms_of_roll_calls
group by term
order by id;

create table roll_call_subjects as
select roll_call_id, subject_terms.id as subject_term_id
from terms_of_roll_calls
join subject_terms using (term)
order by all
