# SPDX-License-Identifier: MIT
# Thin: meson builds, scripts/ prepare, tests/ check. Everything lands in build*/.
BUILD := build
PREFIX := /usr/local
# Options of `meson setup`, for a build folder that is not there yet: make build MESON_SETUP=--werror
MESON_SETUP :=
export PKG_CONFIG_PATH := $(CURDIR)/.deps/duckdb/lib/pkgconfig:$(PKG_CONFIG_PATH)

.PHONY: help build run test lint tidy bench bench-full soak asan tsan valgrind install clean setup
.DEFAULT_GOAL := help

help:
	@echo 'make run       prepare, build, and run the main job on real filings'
	@echo 'make test      prepare, build, and run every test'
	@echo 'make build     prepare and build: $(BUILD)/fwrun, and lay the small data sets'
	@echo 'make lint      floors, exported symbols, sizes, formatting'
	@echo 'make tidy      clang-tidy over everything (minutes)'
	@echo 'make asan      the tests under the address and undefined-behaviour sanitizers'
	@echo 'make tsan      stages in threads under the thread sanitizer'
	@echo 'make valgrind  the unit tests under valgrind'
	@echo 'make bench     the benchmarks of docs/benchmarks.md'
	@echo 'make bench-full  the same on 5 M and 10 M rows, and the whole freeze on 10 M'
	@echo 'make soak      what takes too long for make test: fifty kills, fuzzers, a bare machine'
	@echo 'make install   DESTDIR and PREFIX are honoured'
	@echo 'make clean     remove build folders; data/, runs/ and .deps/ stay'

setup:
	@scripts/setup

build: setup
	@test -f $(BUILD)/build.ninja || meson setup $(MESON_SETUP) $(BUILD)
	@ninja -C $(BUILD)
	@scripts/lay-data $(BUILD)


run: build
	@if scripts/get-data regcf; then config=configs/regcf_freeze.cfg; else \
	    echo 'make run: without the filings, running the same chain on a generated crawl'; \
	    config=configs/demo_freeze.cfg; fi; \
	echo "make run: $(BUILD)/fwrun $$config"; $(BUILD)/fwrun $$config

# Models in ONNX's format are tested where the library can be had.
test: build
	@scripts/setup --with-onnx || echo 'make test: going on without ONNX Runtime, its tests are skipped'
	@scripts/run-tests $(BUILD)

lint: build
	@scripts/run-tests $(BUILD) --suite lint

tidy: build
	@tests/lint/tidy.sh . $(BUILD)

bench: build
	@tests/bench/run $(BUILD)

bench-full: build
	@tests/bench/full/run $(BUILD)

soak: build
	@tests/soak/run $(BUILD)

# The sanitizer's dlopen() knows no plugin's run path: ONNX Runtime is found by LD_LIBRARY_PATH.
asan: setup
	@test -f build-asan/build.ninja || \
	    meson setup $(MESON_SETUP) build-asan -Db_sanitize=address,undefined -Db_lundef=false
	@ninja -C build-asan
	@UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=allocator_may_return_null=1 \
	    LD_LIBRARY_PATH="$(CURDIR)/.deps/onnxruntime$${LD_LIBRARY_PATH:+:$$LD_LIBRARY_PATH}" \
	    scripts/run-tests build-asan --timeout-multiplier 5 --no-suite lint

# Where threads meet: the units of core, and stages side by side in one process. DuckDB is not built for it.
tsan: setup
	@test -f build-tsan/build.ninja || \
	    meson setup $(MESON_SETUP) build-tsan -Db_sanitize=thread -Db_lundef=false
	@ninja -C build-tsan
	@TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:allocator_may_return_null=1 \
	    scripts/run-tests build-tsan --timeout-multiplier 5 --suite core --suite threads

valgrind: build
	@scripts/run-tests $(BUILD) --setup valgrind --suite sdk --suite core --suite plugins

install: build
	@meson configure $(BUILD) --prefix $(abspath $(PREFIX))
	@meson install -C $(BUILD)

clean:
	rm -rf build build-asan build-tsan build-fuzz
