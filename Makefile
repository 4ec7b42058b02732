# make book, make test: all that most people need. Everything is installed into .venv; the network is needed once.
PYTHON ?= python3
BIN := .venv/bin
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: book test lint outputs robust data serve zip pdf picture measure bench browser clean

book: .venv/.done
	$(BIN)/python -m tools.build
	@echo "Open _build/html/index.html"

test: .venv/.done
	$(BIN)/python -m pytest

lint: .venv/.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# Run every notebook again and store what it prints and draws.
outputs: .venv/.done
	$(BIN)/python -m tools.outputs

# Ask whether live trainings hold on any processor, where cells were changed: minutes for each notebook.
robust: .venv/.done
	$(BIN)/python -m tools.robust

# Fetch the public data sets (MNIST and Omniglot, 28 MB, once).
data: .venv/.done
	$(BIN)/python -m hebbnotes.data

serve: book
	$(BIN)/python -m http.server --directory _build/html --bind 127.0.0.1 8000

# The site as a zip: unpack it, and open html/index.html, no server needed.
zip: book
	cd _build && rm -f hebbnotes-site.zip && ../$(BIN)/python -m zipfile -c hebbnotes-site.zip html/
	@echo "_build/hebbnotes-site.zip"

# The whole book as one PDF, printed by Chromium.
pdf: .venv/.done
	$(BIN)/python -m tools.pdf

# The picture in the README, from the built site.
picture: book
	$(BIN)/python -m tools.readme_picture

# Measure what the README and the chapters say of seconds and megabytes.
measure: .venv/.done
	$(BIN)/python -m tools.measure

# Measure the fast evaluation against the published formulation, and store it: minutes, 12 GB, an idle computer.
bench: .venv/.done
	$(BIN)/python -m hebbnotes.benchmark --store

# The tests of the site, `make pdf` and `make picture` need Chromium: your system's, or this one.
browser: .venv/.done
	$(BIN)/python -m playwright install --with-deps chromium

# The CPU build of torch spares several GB; where its index cannot be reached, pip takes what it finds elsewhere.
.venv/.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --retries 0 --constraint constraints.txt --extra-index-url $(TORCH_INDEX) torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[book,test]"
	@touch $@

clean:
	rm -rf _build .venv
