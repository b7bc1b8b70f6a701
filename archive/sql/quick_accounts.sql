create table accounts as {parts}
