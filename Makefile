# make book, make test: all that most people need. Everything is installed into .venv; the network is needed once.
PYTHON ?= python3
BIN := .venv/bin
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: help book test quick lint outputs robust data serve zip pdf picture live measure lock bench bench-live browser clean

# Build the website: open _build/html/index.html.
book: .venv/.done
	$(BIN)/python -m tools.build
	@echo "Open _build/html/index.html"

# Run every notebook again, and test what it says, the package, the site and the PDF: minutes.
test: .venv/.done
	$(BIN)/python -m pytest

# Test the package alone: no notebook, no site, no browser.
quick: .venv/.done
	$(BIN)/python -m pytest tests --ignore tests/site

# Check style and types.
lint: .venv/.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy

# List these commands.
help:
	@awk '/^#/ { if (!told) told = substr($$0, 3) } /^[a-z-]+:/ { split($$1, name, ":"); printf "make %-10s %s\n", name[1], told } !/^#/ { told = "" }' Makefile

# Run every notebook again and store what it prints and draws.
outputs: .venv/.done
	$(BIN)/python -m tools.outputs

# Ask whether live trainings hold on any processor, where cells were changed: minutes for each notebook.
robust: .venv/.done
	$(BIN)/python -m tools.robust

# Fetch the public data sets (MNIST, Omniglot and Shakespeare, 29 MB, once).
data: .venv/.done
	$(BIN)/python -m hebbnotes.data

# Build the website, and serve it at http://127.0.0.1:8000.
serve: book
	$(BIN)/python -m http.server --directory _build/html --bind 127.0.0.1 8000

# Pack the site as a zip: unpack it, and open html/index.html, no server needed.
zip: book
	cd _build && rm -f hebbnotes-site.zip && ../$(BIN)/python -m zipfile -c hebbnotes-site.zip html/
	@echo "_build/hebbnotes-site.zip"

# Print the book as one PDF, all of it but the signatures of the package, with Chromium.
pdf: .venv/.done
	$(BIN)/python -m tools.pdf

# Take the picture in the README from the built site.
picture: book
	$(BIN)/python -m tools.readme_picture

# Measure what the README and the chapters say of seconds and megabytes.
measure: .venv/.done
	$(BIN)/python -m tools.measure

# Tell the live models what they must know, draw their still pictures, and store the episodes that they are tested by.
live: .venv/.done
	$(BIN)/python -m tools.live_data

# Work every control of the live models as on a slow phone, and print how long tasks and answers take: minutes, an idle computer.
bench-live: .venv/.done
	$(BIN)/python -m tools.bench_live

# Write locked.txt, the hashes of what constraints.txt names: after a change of that or of the dependencies in pyproject.toml.
lock:
	$(PYTHON) -m tools.lock

# Measure the fast evaluation against the published formulation, and store it: minutes, 12 GB, an idle computer.
bench: .venv/.done
	$(BIN)/python -m tools.checks_cost
	$(BIN)/python -m hebbnotes.chapters.fast_evaluation.benchmark --store
	$(BIN)/python -m hebbnotes.chapters.fast_evaluation.loops --store

# Install Chromium, which the tests of the site, `make pdf` and `make picture` need, if your system has none.
browser: .venv/.done
	$(BIN)/python -m playwright install --with-deps chromium

# All but torch is installed by the hashes of its files, from whatever index or folder pip knows. Torch is not: its CPU build, which spares
# several GB, comes from an index of its own or lies in a local folder; where that index cannot be reached, pip takes what it finds elsewhere,
# on PyPI with the packages of CUDA that only that build needs. The package itself brings nothing (--no-deps), and is built by what is there.
.venv/.done: pyproject.toml constraints.txt locked.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement locked.txt
	$(BIN)/python -m pip install --quiet --retries 0 --constraint constraints.txt --extra-index-url $(TORCH_INDEX) torch
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Remove what was built and installed.
clean:
	rm -rf _build .venv
