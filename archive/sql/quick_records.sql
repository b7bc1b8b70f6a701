create view {body}_records as
select {cells}, rowid + 2 as line
from {raw}_accounts as file
