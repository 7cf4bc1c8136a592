# Every recipe works in a clean clone with Python ≥ 3.11, pip, venv and make.
PYTHON ?= python3
BIN := .venv/bin
CHECKED := src tests bench

.PHONY: check format

check: ## format, lint, types and the stairs
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/pyright
	PYTHONPATH=src $(BIN)/lint-imports --no-logo

format: ## put the code in the house's form
	$(BIN)/ruff format $(CHECKED)
	$(BIN)/ruff check --fix $(CHECKED)
