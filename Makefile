# Two commands do all the set-up: `make serve` and `make test`. `make` alone lists the others.
PYTHON ?= python3
PORT ?= 8001
# A folder with the texts of coded articles, if you have it: quotes are then verified in place. The texts are not part of the project.
ARTICLE_TEXTS ?= ../shared/seeds

PY := .venv/bin/python
INSTALLED := .venv/.installed
PEERS := build/peers/.installed
SPARK_INSTALLED := .venv/.spark-installed
# What a machine needs that only serves; each in the version of the lock.
SERVING := datasette datasette-gzip datasette-vega
COMPILE = build/lock/bin/uv pip compile --quiet --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help serve replicas build archive validate parquet spark test fuzz torture tidy codebook verify release bench soak peers screenshots atlas lint lock clean

help:
	@echo "make serve      install, validate, build, check, and serve the site on http://127.0.0.1:$(PORT) (PORT=… to change it)"
	@echo "make replicas   the same by several processes behind an nginx: the site for many readers (N=… processes, PORT=…)"
	@echo "make test       install and run every test (CI=true refuses to skip the browser)"
	@echo "make build      install, validate, build and check; does nothing if nothing changed"
	@echo "make archive    build the archive of all votes since 1946: GA=file.csv[.gz] SC=file.csv[.gz], as the UN Digital Library offers them"
	@echo "make validate   read the tables and report everything that is wrong with them"
	@echo "make parquet    write the databases as Parquet, by year, to build/parquet"
	@echo "make spark      install Spark beside the rest, for scripts/query.py --engine spark; it needs Java 17 or later"
	@echo "make fuzz       break a small record in ten thousand ways, and see each refused in its place (at least N=… mutants, SEED=…)"
	@echo "make torture    kill a hundred builds at random moments and fill disks, while a site is served (KILLS=…, SEED=…)"
	@echo "make tidy       report on the CSV files with csvclean, sort them by key, rewrite them canonically"
	@echo "make codebook   print csvstat for every table"
	@echo "make verify     build anew in a fresh folder and hold every file against published sums (SUMS=path or address of a SHA256SUMS)"
	@echo "make release    VERSION=… DATE=… SUMMARY=… prepares a version; without them the newest one is built and kept in build/releases"
	@echo "make bench      time builds, queries and pages as ratios within one run, and write docs/benchmarks.md"
	@echo "make soak       readers and hostile requests at once before the site as it is shipped, for MINUTES=10; fails where it gives way"
	@echo "make peers      install the other programs that the benchmark measures beside, in build/peers"
	@echo "make screenshots take docs/screenshots anew, with Debian's chromium"
	@echo "make atlas      draw the shapes of the maps anew from npm's world-atlas; the result is kept, so this is rarely needed"
	@echo "make lint       ruff and mypy"
	@echo "make lock       write the lock files anew from pyproject.toml, with hashes"
	@echo "make clean      remove everything that was built or installed"

serve: build
	exec .venv/bin/datasette serve "$$(readlink -f build/site)" --cors --crossdb --host 127.0.0.1 --port $(PORT)

replicas: build
	exec $(PY) -m scripts.replicas --port $(PORT) $(if $(N),-n $(N))

build: $(INSTALLED)
	$(PY) -m scripts.build --texts "$(ARTICLE_TEXTS)"

# The files of votes that the UN Digital Library offers, .csv or .csv.gz; either may be left out. KEEP_GOING=1 leaves out rows that break a rule.
archive: $(INSTALLED)
	$(PY) -m scripts.archive $(if $(GA),--ga "$(GA)") $(if $(SC),--sc "$(SC)") $(if $(KEEP_GOING),--keep-going)
	$(PY) -m scripts.build --texts "$(ARTICLE_TEXTS)"

validate: $(INSTALLED)
	$(PY) -m scripts.build --validate --texts "$(ARTICLE_TEXTS)"

parquet: build
	$(PY) -m scripts.parquet

spark: $(SPARK_INSTALLED)

# Spark is compared where Java is found; without it the tests say that they skip the comparison, and fail where CI is set.
test: $(INSTALLED) $(if $(shell command -v java),$(SPARK_INSTALLED))
	@command -v java >/dev/null || echo "java is not on the PATH, so Spark is not compared"
	ARTICLE_TEXTS="$(ARTICLE_TEXTS)" $(PY) -m pytest

# The same mutants on every run of one seed, two of each rule at least; both cores.
fuzz: $(INSTALLED)
	$(PY) -m tests.fuzz $(if $(N),-n $(N)) $(if $(SEED),--seed $(SEED))

torture: $(INSTALLED)
	$(PY) -m scripts.torture $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

tidy: $(INSTALLED)
	$(PY) -m scripts.tidy

codebook: $(INSTALLED)
	for file in data/*/*.csv; do echo "== $$file"; .venv/bin/csvstat --no-inference --blanks "$$file"; done

verify: $(INSTALLED)
	$(PY) -m scripts.verify $(if $(SUMS),"$(SUMS)")

# docs/releases.md has the steps. AGAIN=1 prepares the newest version anew, as long as it has no tag.
release: export RELEASE_SUMMARY := $(SUMMARY)
release: $(INSTALLED)
	$(PY) -m scripts.release $(if $(VERSION),"$(VERSION)" --on "$(DATE)" $(if $(SUMMARY),--summary "$$RELEASE_SUMMARY") $(if $(AGAIN),--again))

# BULK is the folder with the Library's files, ga_voting.csv.gz and sc_voting.csv.gz; without them, files of their size are made up.
bench: build
	-$(MAKE) --no-print-directory peers
	$(PY) -m scripts.bench $(if $(BULK),--bulk "$(BULK)")

soak: build
	$(PY) -m scripts.soak --minutes $(or $(MINUTES),10) $(if $(N),-n $(N))

# Where these cannot be installed, the benchmark's table says so.
peers: $(PEERS)

screenshots: build
	$(PY) -m scripts.screenshots

# The shapes change only with a new version of the package, or with a decision of the United Nations about what they show.
atlas: $(INSTALLED)
	mkdir -p build/atlas
	cd build/atlas && npm pack --silent world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
	$(PY) -m scripts.atlas build/atlas/package
	rm -rf build/atlas

lint: $(INSTALLED)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

# Nothing is installed without a hash, what makes the locks included.
lock:
	$(PYTHON) -m venv build/lock
	$(call install,build/lock,requirements-uv.lock)
	$(COMPILE) pyproject.toml --extra dev --upgrade -o requirements.lock
	for extra in spark peers; do $(COMPILE) pyproject.toml --extra $$extra --upgrade -c requirements.lock -o requirements-$$extra.lock; done
	printf '%s\n' $(SERVING) | $(COMPILE) --upgrade -c requirements.lock -o requirements-serve.lock -
	echo uv | $(COMPILE) --upgrade -o requirements-uv.lock -
	rm -rf build/lock

clean:
	rm -rf .venv build/site build/sites build/archive build/archives build/parquet build/parquets build/lock build/releases build/.[a-z]* build/peers build/bench-* build/torture-* .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv installs the same lock file in a few seconds where it is at hand; pip, which comes with Python, does it everywhere.
define install
if command -v uv >/dev/null; then \
  uv pip install --quiet --python $(1)/bin/python --require-hashes -r $(2); \
else \
  $(1)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(2); \
fi
endef

$(INSTALLED): requirements.lock
	$(PYTHON) -m venv --clear .venv
	$(call install,.venv,requirements.lock)
	touch $@

$(SPARK_INSTALLED): requirements-spark.lock $(INSTALLED)
	$(call install,.venv,requirements-spark.lock)
	touch $@

$(PEERS): requirements-peers.lock
	$(PYTHON) -m venv --clear build/peers
	$(call install,build/peers,requirements-peers.lock)
	touch $@
