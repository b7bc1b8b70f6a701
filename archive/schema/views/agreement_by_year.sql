create view agreement_by_year as
select
  a.code as member_a,
  b.code as member_b,
  pairs.body,
  pairs.voting_year,
  pairs.compared,
  pairs.same,
  pairs.opposite,
  pairs.compared - pairs.same - pairs.opposite as one_abstained,
  round(cast(pairs.same as real) / pairs.compared, 4) as agreement,
  round((cast(pairs.compared as real) + pairs.same - pairs.opposite) / 2 / pairs.compared, 4) as lijphart_index
from (
  select 'GA' as body, * from pair_agreements
  union all
  select 'SC' as body, * from council_pair_agreements
) as pairs
join members as a on a.id = pairs.member_a
join members as b on b.id = pairs.member_b
