-- The cells of a file that are of one vote, in the order of its lines.
create table {raw} as
select {vote_columns} from {rows}
