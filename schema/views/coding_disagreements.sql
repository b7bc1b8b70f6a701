create view coding_disagreements as
select
  coded_twice.claim_id, claims.claim, claims.quote, coded_twice.variable, coded_twice.first_value, coded_twice.second_value, coded_twice.coder
from coded_twice
join claims on claims.id = coded_twice.claim_id
where coded_twice.first_value <> coded_twice.second_value
order by coded_twice.claim_id, coded_twice.variable;
