-- SQLite's. Only what a query of the site looks up by: each index on a million rows is ten megabytes.
create index votes_member_id on votes (member_id);
create index roll_calls_body_voting_year on roll_calls (body, voting_year);
create index bloc_memberships_member_id on bloc_memberships (member_id);
create index roll_call_agenda_items_agenda_item_id on roll_call_agenda_items (agenda_item_id);
create index roll_call_subjects_subject_term_id on roll_call_subjects (subject_term_id);
create index record_comparisons_roll_call_id on record_comparisons (roll_call_id);
