"""One address of each type of page: what the browser tests open, the benchmark weighs and the screenshots show."""

PAGE_TYPES = {
    "home": "/",
    "search": "/record/search?q=abstained+ES-11%2F7",
    "roll-call": "/record/roll_calls/A-RES-ES-11-7",
    "member": "/record/members/HUN",
    "text": "/record/resolutions/A-RES-ES-11-8",
    "claim": "/record/claims/sociose-2025-03-02-09",
    "article": "/record/articles/tagtik-2025-06-23",
    "outlet": "/record/outlets/tagtik",
    "row": "/record/votes/A-RES-ES-11-7,USA",
    "table": "/record/claims",
    "query": "/record/how_voted?roll_call=A-RES-ES-11-7&member=USA",
    "database": "/record",
    "pictures": "/pictures",
    "downloads": "/downloads",
    "data-dictionary": "/data-dictionary",
    "codebook": "/codebook",
}
