# One word a job; each sets up what it needs. `make help` lists them.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
MATRIX ?= ../tb_matrix
PYTEST := $(PYTHON) -m pytest -p tests.closing_line
LOCK := $(PYTHON) -m uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header pyproject.toml
CMAKE := cmake -G Ninja -Wno-dev

# For `make run` against a real ThingsBoard; through the environment, so that no secret stands in a command line.
export SERVER KEY SECRET DEVICE TOKEN RUN_TIME

.PHONY: help run test gen check fmt menuconfig build bench size load faults soak matrix fuzz server media lock clean setup setup-test setup-fuzz build-test configure-test

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

run: build ## both use cases on this computer (SERVER=mqtt://HOST:PORT KEY= SECRET= DEVICE= TOKEN=: a real ThingsBoard)
	@$(PYTHON) tools/tb.py run --firmware build_host/*.elf

test: build-test ## everything that a green change needs
	@$(PYTEST) -n 2 --target linux --build-dir build_test tests pytest_provision.py

gen: setup ## regenerate C, Kconfig, docs and the server side from the device model (MODEL=... for another one)
	@$(PYTHON) codegen/gen.py $(if $(MODEL),--model $(MODEL))

check: configure-test ## drift, format, lint, types: under a minute
	@$(PYTEST) -n 2 tests/checks/test_checks.py

fmt: setup-test ## format C and Python
	@find bench components faults host main tests -name '*.[ch]' -not -path '*/golden/*' | xargs clang-format -i
	@$(PYTHON) -m ruff format --quiet . && $(PYTHON) -m ruff check --quiet --fix .

menuconfig: setup ## configure the firmware that runs on this computer
	@$(CMAKE) -S host -B build_host >/dev/null
	@ninja -C build_host menuconfig

build: setup ## the firmware that runs on this computer, in build_host
	@$(CMAKE) -S host -B build_host -DCMAKE_BUILD_TYPE=RelWithDebInfo >/dev/null
	@ninja -C build_host --quiet

bench: build setup-test ## heap, instructions, time: figures
	@$(PYTHON) bench/bench.py

size: setup-test ## text, data, bss on rv32imc: figures
	@$(PYTHON) bench/size.py

load: setup-test ## what the stand-in carries: connections, provisionings, telemetry
	@$(PYTHON) tests/server/load.py

faults: setup-test ## power cuts and server faults at every point; no device may be lost
	@$(PYTHON) faults/faults.py

soak: setup-test ## 2000 connections with random faults in one program: memory, descriptors, credentials
	@$(PYTHON) faults/soak.py

matrix: setup ## a project for each device model in ../tb_matrix, for idf-build-apps (MATRIX=FOLDER)
	@for model in codegen/models/*.yaml; do \
	    $(PYTHON) codegen/gen.py --model $$model --out $(MATRIX)/$$(basename $$model .yaml) || exit; \
	done
	@cp codegen/idf_build_apps.toml $(MATRIX)/.idf_build_apps.toml

fuzz: setup-fuzz ## libFuzzer on all that comes from outside (SECONDS_EACH=60)
	@$(PYTHON) tests/fuzz/fuzz.py --seconds $(or $(SECONDS_EACH),60)

server: setup ## the stand-in ThingsBoard alone, on 127.0.0.1
	@$(PYTHON) tools/tb.py server

media: build setup-test ## pictures and recordings of the README, made again
	@$(PYTHON) docs/media/record.py

lock: setup-test ## resolve the Python packages of pyproject.toml anew
	@$(PYTHON) -m pip install --quiet uv
	@$(LOCK) -o requirements.lock
	@$(LOCK) --extra test -c requirements.lock -o requirements-test.lock

clean: ## everything that was built
	@rm -rf build_* report

setup:
	@tools/setup.sh run

setup-test:
	@tools/setup.sh test

setup-fuzz:
	@tools/setup.sh fuzz

# Its configuration is fixed, and does not see what menuconfig chose.
build-test: configure-test
	@ninja -C build_test --quiet

configure-test: setup-test
	@mkdir -p build_test && cp sdkconfig.ci.test build_test/sdkconfig
	@$(CMAKE) -S host -B build_test -DTB_SDKCONFIG=$(CURDIR)/build_test/sdkconfig -DTB_SANITIZE=ON -DTB_TESTS=ON >/dev/null
