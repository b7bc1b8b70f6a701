-- Verdicts in the order in which the codebook has them; opinions and predictions have none.
with counted as (select coalesce(verdict, 'no verdict') as verdict, count(*) as claims from claims group by 1),
ordered as (
  select * from counted
  order by instr('accurate imprecise ambiguous inaccurate undetermined accurate_elsewhere inaccurate_elsewhere not_checkable no verdict ', verdict || ' ')
)
select
  'verdicts' as id,
  'Claims by kind and verdict' as title,
  'Of ' || (select count(*) from claims) || ' claims, the record bears out ' || (select claims from counted where verdict = 'accurate')
    || ' and contradicts ' || coalesce((select claims from counted where verdict = 'inaccurate'), 0)
    || '. The articles are no random sample, and the counts say nothing about the press at large. A bubble’s area is its count; the smallest stand hidden behind their figure.' as sentence,
  'A table of bubbles with counts, kinds of claim down, verdicts across. By verdict: '
    || (select group_concat(replace(verdict, '_', ' ') || ' ' || claims, ', ') from ordered) || '.' as alternative
