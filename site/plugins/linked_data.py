"""What machines read in a page's head: its canonical address, a description, and schema.org's terms as JSON-LD.

The dataset is a schema.org Dataset, so is each of its tables; a claim is a Claim, and a ClaimReview too where it has
been assessed. A verdict is about a statement, so what is rated is the claim and never who made it.
"""

import json
import mimetypes
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import tilde_decode, tilde_encode
from datasette.utils.asgi import Request
from markupsafe import Markup

DATABASE = "record"
CONTEXT = "https://schema.org"
PAGES = {"index", "database", "table", "row", "page"}
OFFERED = (".csv", ".db", ".parquet", ".xlsx", ".zip")
DAYS = {"datePublished": "first_released_on", "dateModified": "released_on"}
SUBJECTS = {"resolutions": "CreativeWork", "members": "Country", "roll_calls": "Event"}

Thing = dict[str, Any]


@hookimpl
def extra_template_vars(
    database: str | None, table: str | None, view_name: str, request: Request | None, datasette: Datasette
) -> Any:
    """`head` on every page: title, description, canonical and json_ld, the last two None where there is none."""
    if view_name not in PAGES or request is None:
        return {}
    name = tilde_decode(request.url_vars.get("table", "")) or table

    async def head() -> dict[str, Thing]:
        """Awaited by Datasette when it renders the page."""
        site = Site(datasette, request)
        told = site.told_of(database, name, view_name)
        things = await _things(site, database, name, view_name)
        graph = things[0] if len(things) == 1 else {"@graph": things}
        json_ld = as_script({"@context": CONTEXT, **graph}) if things else None
        return {"head": {**told, "canonical": site.canonical(name, view_name), "json_ld": json_ld}}

    return head


def as_script(thing: Thing) -> Markup:
    """JSON that no content can break out of: a script element knows no entities, so JSON's own escapes are used."""
    text = json.dumps(thing, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


class Site:
    """The site as one request addresses it: absolute addresses, and what is said of dataset, tables and queries."""

    def __init__(self, datasette: Datasette, request: Request) -> None:
        self.datasette = datasette
        self.request = request
        self.dataset: dict[str, Any] = datasette.metadata("dataset")
        self.tables: dict[str, dict[str, Any]] = datasette.served[DATABASE]["tables"]
        self.home = datasette.permanent_url(request, datasette.urls.path("/"))

    def address(self, path: str) -> str:
        """An absolute address of a path from the site's root."""
        return self.home + path.removeprefix("/")

    def row(self, table: str, key: str) -> str:
        """The permanent address of a row with a key of one part."""
        return self.address(f"/{DATABASE}/{table}/{tilde_encode(key)}")

    async def rows(self, query_name: str, **parameters: str) -> list[dict[str, Any]]:
        """What a canned query answers."""
        found: list[dict[str, Any]] = await self.datasette.answer(DATABASE, query_name, parameters)
        return found

    def told_of(self, database: str | None, name: str | None, view_name: str) -> dict[str, str]:
        """Title and description of a page, for search engines and previews."""
        served = self.datasette.served.get(database, {"tables": {}, "queries": {}})
        about = {**served["queries"], **served["tables"]}.get(name or "", {})
        if view_name == "database" and database != DATABASE:
            about = served
        title = about.get("title") if view_name != "page" else None
        return {
            "title": title or self.dataset["title"],
            "description": about.get("description") or self.dataset["description"],
        }

    def canonical(self, name: str | None, view_name: str) -> str | None:
        """A page's one address: a filtered table is the table, a query has its parameters, free SQL has none."""
        path = self.datasette.permanent_url(self.request, self.request.path)
        if view_name == "database" and "sql" in self.request.args:
            return None
        tables = self.datasette.served.get(self.request.url_vars.get("database"), {}).get("tables", {})
        if view_name == "table" and name not in tables and self.request.query_string:
            return f"{path}?{self.request.query_string}"
        return path

    def publisher(self) -> Thing:
        """Who answers for the dataset and its verdicts."""
        return {
            "@type": "Organization",
            "@id": f"{self.home}#publisher",
            "name": self.dataset["title"],
            "url": self.home,
        }


async def _things(site: Site, database: str | None, name: str | None, view_name: str) -> list[Thing]:
    """What a page is about in schema.org's terms; nothing for a page that is a tool or a document."""
    if view_name == "index":
        return [await _whole_dataset(site)]
    if view_name == "table" and database and name:
        served = site.datasette.served.get(database, {"tables": {}})
        if name in served["tables"]:
            return [await _table(site, name) if database == DATABASE else _table_of_others(site, database, name)]
    if database != DATABASE:
        return []
    if view_name == "row" and name == "claims":
        return await _claim(site, tilde_decode(unquote(site.request.url_vars["pks"])))
    return []


async def _whole_dataset(site: Site) -> Thing:
    days = {row["table_name"]: row for row in await site.rows("days_covered")}
    files = [path for path in _downloads(site) if path.stem not in site.tables]
    return _about_dataset(site) | {
        "@id": site.home,
        "name": site.dataset["title"],
        "description": site.dataset["description"].strip(),
        "url": site.home,
        "temporalCoverage": _interval(days["roll_calls"]),
        "correction": site.address("/corrections"),
        "includedInDataCatalog": {"@type": "DataCatalog", "name": site.dataset["title"], "url": site.home},
        "distribution": [_download(site, path) for path in files],
        "hasPart": [
            {
                "@type": "Dataset",
                "@id": site.address(f"/{DATABASE}/{name}"),
                "url": site.address(f"/{DATABASE}/{name}"),
                **_words(site, name),
                "license": site.datasette.metadata("license_url"),
                "creator": {"@id": f"{site.home}#publisher"},
            }
            for name in site.tables
        ],
    }


async def _table(site: Site, name: str) -> Thing:
    address = site.address(f"/{DATABASE}/{name}")
    days = [row for row in await site.rows("days_covered") if row["table_name"] == name and row["first_day"]]
    files = [path for path in _downloads(site) if path.stem == name]
    columns = site.tables[name].get("columns", {})
    return (
        _about_dataset(site)
        | _words(site, name)
        | {
            "@id": address,
            "url": address,
            "isPartOf": {"@type": "Dataset", "@id": site.home, "name": site.dataset["title"], "url": site.home},
            "variableMeasured": [
                {"@type": "PropertyValue", "name": column, "description": text} for column, text in columns.items()
            ],
            "distribution": [_download(site, path) for path in files],
        }
        | ({"temporalCoverage": _interval(days[0])} if days else {})
    )


def _table_of_others(site: Site, database: str, name: str) -> Thing:
    """A table of which only the form is ours: the data, and the terms on which they may be used, are its source's."""
    told = site.datasette.served[database]
    about, address = told["tables"][name], site.address(f"/{database}/{name}")
    columns = about.get("columns", {})
    return {
        "@type": "Dataset",
        "@id": address,
        "url": address,
        "name": f"{about['title']} ({told['title']})",
        "description": about["description"].strip(),
        "license": told["license_url"],
        "creator": {"@type": "Organization", "name": told["source"], "url": told["source_url"]},
        "isBasedOn": told["source_url"],
        "publisher": site.publisher(),
        "isAccessibleForFree": True,
        "inLanguage": "en",
        "variableMeasured": [
            {"@type": "PropertyValue", "name": column, "description": text} for column, text in columns.items()
        ],
        "distribution": [
            {
                "@type": "DataDownload",
                "contentUrl": site.address(f"/{database}.db"),
                "encodingFormat": mimetypes.guess_type(f"{database}.db")[0],
                "contentSize": f"{site.datasette.get_database(database).size} B",
            }
        ],
    }


def _about_dataset(site: Site) -> Thing:
    """What is true of the whole and of each part."""
    return {
        "@type": "Dataset",
        "version": site.dataset["version"],
        **{term: site.dataset[told] for term, told in DAYS.items() if told in site.dataset},
        "license": site.datasette.metadata("license_url"),
        "creator": site.publisher(),
        "publisher": {"@id": f"{site.home}#publisher"},
        "keywords": site.dataset["keywords"],
        "isAccessibleForFree": True,
        "inLanguage": "en",
    }


def _words(site: Site, name: str) -> Thing:
    """Name and description of a table that make sense far from this site."""
    about = site.tables[name]
    title = site.dataset["title"]
    description = f"{about['description'].strip()} A table of {title}: {site.dataset['description'].strip()}"
    return {"name": f"{about['title']} ({title})", "description": description[:5000]}


def _download(site: Site, file: Path) -> Thing:
    return {
        "@type": "DataDownload",
        "contentUrl": site.address(f"/static/downloads/{file.name}"),
        "encodingFormat": mimetypes.guess_type(file.name)[0],
        "contentSize": f"{_size(file)} B",
    }


def _downloads(site: Site) -> list[Path]:
    """The files that the build made for taking away; an address with a query is no file, and robots.txt forbids it."""
    folders = [Path(folder) / "downloads" for mount, folder in site.datasette.static_mounts if mount == "static"]
    return [path for folder in folders for path in _offered(folder)]


@cache
def _offered(folder: Path) -> list[Path]:
    """Looked for once: a finished build does not change, and every page of a table names its files."""
    return sorted(path for path in folder.glob("*") if path.suffix in OFFERED)


@cache
def _size(file: Path) -> int:
    return file.stat().st_size


def _interval(days: dict[str, str]) -> str:
    return f"{days['first_day']}/{days['last_day']}"


async def _claim(site: Site, key: str) -> list[Thing]:
    """The claim, and its review where it has been assessed."""
    [told] = await site.rows("claim_reviews", claim=key)
    claim = {
        "@type": "Claim",
        "@id": f"{site.row('claims', key)}#claim",
        "text": told["claim"],
        "inLanguage": "en",
        "author": _claimant(site, told),
        "appearance": _article(site, told),
        "about": [_subject(site, row) for row in await site.rows("subjects_of_claim", claim=key)],
    }
    if corrections := [_correction(site, row) for row in await site.rows("corrections_about", **_row("claims", key))]:
        claim["correction"] = corrections
    return [claim, _review(site, told, claim)] if told["verdict_in_words"] else [claim]


def _row(table: str, key: str) -> dict[str, str]:
    return {"table_name": table, "row_key": key}


def _correction(site: Site, told: dict[str, Any]) -> Thing:
    """What was put right about the claim, its checks included."""
    values = [told[name] or "empty" for name in ("old_value", "new_value")]
    return {
        "@type": "CorrectionComment",
        "@id": site.row("corrections", told["id"]),
        "text": f"{told['column_name']}: was {values[0]}, is {values[1]}. {told['why']}",
        "datePublished": told["corrected_on"],
    }


def _claimant(site: Site, told: dict[str, Any]) -> Thing | str:
    """The outlet, or whom the article has say it: a name alone, since the data does not say of what sort it is."""
    return told["said_by"] or _outlet(site, told)


def _outlet(site: Site, told: dict[str, Any]) -> Thing:
    domain = {"url": f"https://{told['domain']}"} if told["domain"] else {}
    return {"@type": "Organization", "@id": site.row("outlets", told["outlet_id"]), "name": told["outlet"], **domain}


def _article(site: Site, told: dict[str, Any]) -> Thing:
    """Where the claim stands; what is not known of it is left out."""
    known = {
        "headline": told["article"],
        "url": told["article_url"],
        "datePublished": told["published_on"],
        "inLanguage": told["language"],
    }
    return {
        "@type": "NewsArticle",
        "@id": site.row("articles", told["article_id"]),
        **{name: value for name, value in known.items() if value},
        "publisher": _outlet(site, told),
    }


def _subject(site: Site, row: dict[str, str]) -> Thing:
    address = site.row(row["table_name"], row["row_key"])
    return {"@type": SUBJECTS[row["table_name"]], "@id": address, "name": row["name"], "url": address}


def _review(site: Site, told: dict[str, Any], claim: Thing) -> Thing:
    """Our words are the rating; the number that some readers want beside them is explained by the query's page."""
    number = {"ratingValue": told["rating"], "bestRating": 3, "worstRating": 1} if told["rating"] else {}
    published = {"datePublished": told["coded_on"]} if told["coded_on"] else {}
    return {
        "@type": "ClaimReview",
        "@id": f"{site.row('claims', told['claim_id'])}#review",
        "url": site.row("claims", told["claim_id"]),
        "claimReviewed": told["claim"],
        "itemReviewed": {name: claim[name] for name in ("@type", "@id", "text", "author", "appearance")},
        "reviewRating": {
            "@type": "Rating",
            **number,
            "alternateName": told["verdict_in_words"],
            "ratingExplanation": f"How verdicts are numbered: {site.address(f'/{DATABASE}/claim_reviews')}",
        },
        "author": site.publisher(),
        "license": site.datasette.metadata("license_url"),
        "inLanguage": "en",
        **published,
    }
