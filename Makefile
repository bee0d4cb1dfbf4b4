# SPDX-License-Identifier: MIT
BUILD := build
export PKG_CONFIG_PATH := $(CURDIR)/.deps/duckdb/lib/pkgconfig:$(PKG_CONFIG_PATH)

.PHONY: build setup
build: setup $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	meson setup $(BUILD)

setup:
	scripts/setup
