# StatusDesk. `make` alone lists the targets. Every target does its own set-up.
.DEFAULT_GOAL := help
.PHONY: help run demo test check bench shots site messages package lock qt-libraries

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
QT_LIBRARIES := libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0
QT_ON_X11 := libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxkbcommon-x11-0
APT := apt-get -o Dpkg::Use-Pty=0 -qq

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/ready qt-libraries ## start the desktop app
	$(BIN)/statusdesk

demo: $(VENV)/ready qt-libraries ## do the main job on a small history, through the real windows
	$(BIN)/python -m statusdesk_ui.demo

test: $(VENV)/ready-dev qt-libraries ## set everything up and run all tests, real servers and browser included
	-@$(BIN)/python -m tests.servers.setup
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest

check: $(VENV)/ready-dev ## style, types, who imports whom, and the commands the docs name
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/check_commands.py

bench: $(VENV)/ready-dev qt-libraries ## measure speed and memory; prints figures, judges nothing
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.benchmarks

shots: $(VENV)/ready-dev qt-libraries ## pictures of every window and page, into docs/shots
	-@$(BIN)/python -m tests.servers.setup
	QT_QPA_PLATFORM=offscreen QT_SCALE_FACTOR=2 $(BIN)/python -m tests.shots docs/shots

site: $(VENV)/ready ## render the page of the workspace
	$(BIN)/statusdeskctl build

messages: $(VENV)/ready-dev ## bring the translations of the page in step with its texts
	$(BIN)/python -m tests.messages

package: $(VENV)/ready-dev ## the wheel and the source distribution, into dist
	$(BIN)/python -m build --no-isolation

lock: $(VENV)/ready-dev ## pin the newest dependencies that fit, with their hashes
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile pyproject.toml --extra team --group build $(LOCKED) -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra team --group dev -c requirements.lock $(LOCKED) -o requirements-dev.lock

LOCKED := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q

# The virtual environment. Its stamp is newer than the lock it was made from.

$(VENV)/ready: requirements.lock pyproject.toml
	@$(MAKE) -s $(BIN)/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/ready-dev: requirements-dev.lock pyproject.toml
	@$(MAKE) -s $(BIN)/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/ready

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "StatusDesk needs Python 3.11 or newer. Name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) -s install-system PACKAGES=python3-venv
	@$(PYTHON) -m venv $(VENV)

# Qt needs a few libraries of the system. They are looked for by using them, so that no distribution's names matter.

qt-libraries: $(VENV)/ready
	@$(BIN)/python -c 'import PySide6.QtWidgets, PySide6.QtSvg' 2>/dev/null \
	  || $(MAKE) -s install-system PACKAGES="$(QT_LIBRARIES)"
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] && ! ldconfig -p 2>/dev/null | grep -q libxcb-cursor; then \
	  $(MAKE) -s install-system PACKAGES="$(QT_ON_X11)"; fi

.PHONY: install-system
install-system:
	@if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  echo "Installing $(PACKAGES)"; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  $(APT) update && $(APT) install -y --no-install-recommends $(PACKAGES) >/dev/null; \
	else \
	  echo "This computer lacks system packages. Install them, then run make again:"; \
	  echo "  sudo apt-get install $(PACKAGES)"; exit 1; \
	fi
