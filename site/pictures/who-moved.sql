-- Members whose votes on both texts are known, by the two votes; names stand in the text alternative.
with compared as (
  select members.short_name, a.vote as vote_a, b.vote as vote_b, earlier.label as label_a, later.label as label_b, earlier.place as place_a, later.place as place_b
  from votes as a
  join votes as b on b.member_id = a.member_id and b.roll_call_id = 'A-RES-ES-11-7'
  join members on members.id = a.member_id
  join roll_call_counts as earlier on earlier.roll_call_id = a.roll_call_id and earlier.vote = a.vote
  join roll_call_counts as later on later.roll_call_id = b.roll_call_id and later.vote = b.vote
  where a.roll_call_id = 'A-RES-ES-11-1'
  order by members.short_name
),
ways as (
  select label_a || ' to ' || label_b as way, count(*) as members, group_concat(short_name, ', ') as who, place_a, place_b
  from compared where vote_a <> vote_b group by place_a, place_b order by place_a, place_b
)
select
  'who-moved' as id,
  'Who moved between the Assembly’s first text on the invasion and that of three years later' as title,
  (select sum(vote_a <> vote_b) from compared) || ' of ' || (select count(*) from compared) || ' members cast another vote on A/RES/ES-11/7 than on A/RES/ES-11/1: '
    || (select sum(vote_a = 'yes' and vote_b <> 'yes') from compared) || ' left those in favour, '
    || (select sum(vote_a <> 'yes' and vote_b = 'yes') from compared) || ' joined them. The texts do not ask for the same.' as sentence,
  (select group_concat(way || ' ' || members || ' (' || who || ')', '; ') from ways) || '.' as alternative,
  'A-RES-ES-11-1' as roll_call_a,
  'A-RES-ES-11-7' as roll_call_b
