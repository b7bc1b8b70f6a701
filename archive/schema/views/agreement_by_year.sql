create view agreement_by_year as
select
  a.code as member_a,
  b.code as member_b,
  case pair_agreements.body_id when 0 then 'GA' else 'SC' end as body,
  pair_agreements.voting_year,
  pair_agreements.compared,
  pair_agreements.same,
  pair_agreements.opposite,
  pair_agreements.compared - pair_agreements.same - pair_agreements.opposite as one_abstained,
  round(cast(pair_agreements.same as real) / pair_agreements.compared, 4) as agreement,
  round(
    (cast(pair_agreements.same as real) + pair_agreements.compared - pair_agreements.opposite) / 2 / pair_agreements.compared, 4
  ) as lijphart_index
from pair_agreements
join members as a on a.id = pair_agreements.member_a
join members as b on b.id = pair_agreements.member_b
