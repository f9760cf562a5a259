# SPDX-License-Identifier: MIT
#
#   make            builds build/vipherald
#   make demo       installs what is missing, builds, shows the main job in network namespaces
#   make test       installs what is missing, builds and passes all tests (test-all: with both builds)
#   make help       lists the rest

CC        = gcc
BUILD     = build
# V=1 shows whole commands.
Q         = $(if $(V),,@)
say       = $(if $(V),,@echo "$(1)" '$@')
# Extra flags of a variant (sanitizers); the packager's own go into CFLAGS and LDFLAGS as usual.
VARIANT   =
# More of them, for the objects of unit tests and fuzz targets alone, and for linking these.
TESTS     =
TEST_LD   =
CFLAGS   ?= -O2 -g
LDFLAGS  ?=

LIBRARIES = libsystemd libmicrohttpd gnutls yaml-0.1 libmnl jansson libip4tc libip6tc libcurl libseccomp \
            ncursesw
DIRECTORIES = lib process net bgp bfd monitors nat consul fleet \
            $(addprefix agent/,model config convert vip app programs discovery fleet store bfd status page http daemon cli)
VERSION  := $(shell cat VERSION)

MISSING  := $(shell pkg-config --exists $(LIBRARIES) 2>/dev/null || echo yes)
# ncurses asks for an older X/Open than _GNU_SOURCE is.
PKG_CFLAGS := $(filter-out -D_XOPEN_SOURCE=% -D_DEFAULT_SOURCE,$(shell pkg-config --cflags $(LIBRARIES) 2>/dev/null))
PKG_LIBS   := $(shell pkg-config --libs $(LIBRARIES) 2>/dev/null) -lresolv

WARN = -Wall -Wextra -Wswitch-enum -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
       -Wwrite-strings -Wundef -Wformat=2 -Wvla -Werror
ALL_CFLAGS  = -std=gnu17 -D_GNU_SOURCE -DVIPHERALD_VERSION='"$(VERSION)"' -I. $(WARN) \
              $(PKG_CFLAGS) $(CFLAGS) $(HARDEN_CFLAGS) $(VARIANT)
ALL_LDFLAGS = $(LDFLAGS) $(HARDEN_LDFLAGS) $(VARIANT) -Wl,--as-needed

# Shown by tests/build/test_hardening.py. The sanitizers check more than FORTIFY_SOURCE, which hides
# calls from them and needs an optimizing compiler. HARDEN= leaves all of it to the packager.
HARDEN    = $(if $(VARIANT),,yes)
ifneq ($(HARDEN),)
BRANCHES_x86_64  = -fcf-protection=full
BRANCHES_aarch64 = -mbranch-protection=standard
HARDEN_CFLAGS  = -fPIE -fstack-protector-strong -fstack-clash-protection $(BRANCHES_$(shell uname -m)) \
                 $(if $(filter-out -O0,$(filter -O%,$(CFLAGS))),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
HARDEN_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack
endif

SOURCES := $(sort $(wildcard $(addsuffix /*.c,$(DIRECTORIES))))
# Files for browsers, embedded into the program.
PAGE     = $(addprefix agent/page/,index.html style.css script.js icon.svg)
OBJECTS  = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out agent/cli/main.c,$(SOURCES))) \
	   $(BUILD)/obj/agent/page/embedded.o
ARCHIVE  = $(BUILD)/libvipherald.a
UNIT    := $(sort $(wildcard tests/unit/test_*.c))
UNIT_BIN = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT))
FUZZ    := $(sort $(wildcard tests/fuzz/fuzz_*.c))
REPLAY_BIN = $(patsubst tests/fuzz/%.c,$(BUILD)/replay/%,$(FUZZ))
FUZZ_BIN = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ))
BENCH   := $(sort $(wildcard bench/*.c))
BENCH_BIN = $(BUILD)/bench/bench

# At a fixed address the program starts in two thirds of the time: sanitizers describe each string, and
# descriptions are relocated.
ASAN = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -fno-pie -no-pie
# More than half of the time of a build goes into the code of the tests, which is long and gains little
# from the optimizer, and into linking them: gold and lld take less than half of the time of ld.
SANITIZED = BUILD=build/asan CFLAGS= VARIANT="$(ASAN)" TESTS=-O0 LDFLAGS="$(LDFLAGS) $(FAST_LD)"
FAST_LD   = $(firstword $(foreach ld,gold lld,$(if $(shell command -v ld.$(ld)),-fuse-ld=$(ld))))

all: $(BUILD)/vipherald

help:
	@sed -n 's/^#   //p' Makefile
	@echo "make lint       clang-format, clang-tidy, cppcheck and the include arrows"
	@echo "make test-all   make test runs each namespace test with one build; this with both"
	@echo "make unit       unit tests and fuzz corpora only"
	@echo "make coverage   the lines that the unit tests and the fuzz corpora reach; fails below 90 % of pure files"
	@echo "make mutants    how many of N small changes (400) to the pure files the unit tests notice; fails below 95 %"
	@echo "make simulate   the guard of a fleet over a model of Consul, N steps (300000) for each size, or of AGENTS"
	@echo "make netns      namespace tests with real routers only"
	@echo "make container-test  builds the container image and runs it"
	@echo "make test-kernels  unit and namespace tests on Debian's kernels, under qemu"
	@echo "make image      the container image, with docker or podman; IMAGE=vipherald:VERSION"
	@echo "make soak       everything at once for SOAK_SECONDS (600); SOAK_SEED repeats a run"
	@echo "make fuzz       runs each fuzz target for FUZZ_SECONDS (60)"
	@echo "make bench      measures and prints the figures"
	@echo "make bench-routers  measures with FRR and BIRD: a host that is gone, unnumbered sessions"
	@echo "make screenshots  pictures of the page and of top, in build/screenshots"
	@echo "make deps       installs what build, tests and lint need"
	@echo "make docs       writes the generated reference pages again"
	@echo "make install    binary, unit, man page, docs; PREFIX=/usr/local, DESTDIR= for packages"
	@echo "make uninstall  removes them; your configuration and state stay"
	@echo "make release    checks version, changelog and work tree, and makes the tarball"
	@echo "make clean"

$(BUILD)/obj/%.o: %.c | libraries
	$(call say,  CC  )
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/obj/tests/%.o: ALL_CFLAGS += $(TESTS)

$(BUILD)/page/embedded.c: agent/page/embed $(PAGE)
	@mkdir -p $(@D)
	$(Q)agent/page/embed $(PAGE) >$@.new && mv $@.new $@

$(BUILD)/obj/agent/page/embedded.o: $(BUILD)/page/embedded.c | libraries
	$(call say,  CC  )
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# Objects that embed the version are rebuilt when it changes.
VERSIONED := $(shell grep -ls VIPHERALD_VERSION $(SOURCES))
$(patsubst %.c,$(BUILD)/obj/%.o,$(VERSIONED)): VERSION

$(ARCHIVE): $(OBJECTS)
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/vipherald: $(BUILD)/obj/agent/cli/main.o $(ARCHIVE)
	$(call say,  LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $(PKG_LIBS) -o $@

libraries:
ifeq ($(MISSING),yes)
	@echo "Missing one of: $(LIBRARIES) (their -dev packages) or pkg-config." >&2
	@echo "'make deps' installs all of them on Debian and Ubuntu." >&2
	@exit 1
endif

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(ARCHIVE)
	$(call say,  TEST)
	@mkdir -p $(@D)
	$(Q)$(CC) $< $(ARCHIVE) $(ALL_LDFLAGS) $(TEST_LD) $(PKG_LIBS) -lcmocka -o $@

$(BUILD)/replay/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o $(ARCHIVE)
	$(call say,  TEST)
	@mkdir -p $(@D)
	$(Q)$(CC) $^ $(ALL_LDFLAGS) $(TEST_LD) $(PKG_LIBS) -o $@

$(BUILD)/fuzz/%: tests/fuzz/%.c $(ARCHIVE)
	$(call say,  TEST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $^ -fsanitize=fuzzer $(ALL_LDFLAGS) $(PKG_LIBS) -o $@

$(BENCH_BIN): $(patsubst %.c,$(BUILD)/obj/%.o,$(BENCH)) $(ARCHIVE)
	$(call say,  TEST)
	@mkdir -p $(@D)
	$(Q)$(CC) $^ $(ALL_LDFLAGS) $(PKG_LIBS) -o $@

# Objects that only a pattern names are not removed.
.SECONDARY:

unit-binaries: $(UNIT_BIN) $(REPLAY_BIN)
unit-objects: $(patsubst tests/%.c,$(BUILD)/obj/tests/%.o,$(UNIT) $(FUZZ))
bench-binaries: $(BENCH_BIN)

# Every unit test program and every fuzz corpus, of one variant: JOBS at once, LIMIT seconds each.
REPLAYS = $(foreach t,$(REPLAY_BIN),"$t tests/fuzz/corpus/$(notdir $(subst fuzz_,,$t))")
run-unit: unit-binaries
	@printf '%s\n' $(UNIT_BIN) $(REPLAYS) | scripts/side-by-side

# The simulator of the fleet's guard: N steps (300,000) for each size of a fleet, or six times of AGENTS, from SEED on.
simulate: $(BUILD)/unit/test_fleet_sim
	@FLEET_STEPS=$(if $(filter file,$(origin N)),300000,$(N)) FLEET_SEED=$(SEED) FLEET_AGENTS=$(AGENTS) $<

# All cores, unless this make was told how many.
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

# The variants that the tests run: as released, under the sanitizers, and clang for its warnings, which
# do not depend on its optimizer, nor on linking each test.
CLANG = BUILD=build/clang CC=clang CFLAGS=-O0 LDFLAGS="$(LDFLAGS) $(FAST_LD)"
variant-plain:
	@$(MAKE) $(PARALLEL) --no-print-directory BUILD=build TESTS="-O1 -g1" TEST_LD="$(FAST_LD)" all unit-binaries bench-binaries
variant-asan:
	@$(MAKE) $(PARALLEL) --no-print-directory $(SANITIZED) all unit-binaries
variant-clang:
	@$(MAKE) $(PARALLEL) --no-print-directory $(CLANG) all unit-objects bench-binaries

# Compiled modules are kept in one place, whatever PYTHONDONTWRITEBYTECODE says: pytest rewrites each module
# of tests that it loads, in each of its workers.
PYTEST = env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX='$(CURDIR)/build/pycache' \
	 /usr/bin/python3 -m pytest -q -p no:cacheprovider

unit: variant-plain variant-asan
	@$(MAKE) --no-print-directory BUILD=build run-unit
	@$(MAKE) --no-print-directory $(SANITIZED) run-unit
	@$(MAKE) --no-print-directory build-test
build-test: variant-plain
	@$(PYTEST) tests/build

# Without optimisation a line is what it says; the sums are added up over all programs.
COVERAGE = BUILD=build/coverage CFLAGS= VARIANT="-O0 -g --coverage"
coverage:
	@$(MAKE) --no-print-directory $(COVERAGE) unit-binaries
	@find build/coverage -name '*.gcda' -delete
	@$(MAKE) --no-print-directory $(COVERAGE) run-unit >build/coverage/log || \
		{ cat build/coverage/log; exit 1; }
	@scripts/coverage build/coverage

# Changes the pure files in N places, one at a time, and prints what no unit program notices. FILES:
# only these.
N     = 400
SEED  = 1
FILES =
mutants:
	@$(MAKE) --no-print-directory $(COVERAGE) unit-binaries
	@find build/coverage -name '*.gcda' -delete # of objects before a change: gcov refuses them
	@$(MAKE) --no-print-directory $(SANITIZED) BUILD=build/mutants run-mutants
run-mutants: unit-binaries
	@printf '%s\n' $(UNIT_BIN) $(REPLAYS) >$(BUILD)/programs
	@N=$(N) SEED=$(SEED) CC='$(CC)' CFLAGS="-std=gnu17 -D_GNU_SOURCE -I. $(PKG_CFLAGS)" \
		LIBS="$(LDFLAGS) $(PKG_LIBS) -lcmocka" scripts/mutants $(BUILD) build/coverage $(FILES)

# More at once than there are cores: most of the time a test waits.
NETNS_JOBS = 16
PLAIN_HALF =
ASAN_HALF  =
netns: variant-plain variant-asan
	VIPHERALD=build/vipherald $(PYTEST) -n $(NETNS_JOBS) $(PLAIN_HALF) tests/netns
	VIPHERALD=build/asan/vipherald $(PYTEST) -n $(NETNS_JOBS) $(ASAN_HALF) tests/netns

# The image is built and run by an engine of its own, on storage of its own, in namespaces of their
# own; it builds the program itself.
container-test:
	@scripts/deps.sh container
	tests/container/sandbox $(PYTEST) tests/container

# Kernels of Debian releases: 5.10 (the oldest that is supported), 6.1 and 6.12. The oldest is part of
# make test, with what depends on the kernel most.
KERNELS = bullseye bookworm trixie
test-kernels: variant-plain
	@scripts/deps.sh kernels $(KERNELS)
	@for suite in $(KERNELS); do KERNEL_TIMEOUT=14400 tests/kernels/boot $$suite tests/kernels/suite all || \
		failed="$$failed $$suite"; done; \
		test -z "$$failed" || { echo "test-kernels: failed on$$failed" >&2; exit 1; }

kernel-smoke: variant-plain
	@scripts/deps.sh kernels bullseye
	tests/kernels/boot bullseye tests/kernels/suite smoke

# The program, not the sanitizers': resident memory is looked at. VIPHERALD names another one.
SOAK_SECONDS = 600
SOAK_SEED =
SOAK_NAT =
soak:
	@scripts/deps.sh build
	@scripts/deps.sh test
	@$(MAKE) --no-print-directory all
	@cd tests && SOAK_SECONDS=$(SOAK_SECONDS) SOAK_SEED=$(SOAK_SEED) SOAK_NAT=$(SOAK_NAT) \
		/usr/bin/python3 -m soak

# Each namespace test once, by the build that its half falls to; with another commit the halves change places, mostly.
# Both builds for each of them do not fit into the quarter of an hour that `make test` is meant to take on two cores.
HALVES = $(if $(shell git rev-parse HEAD 2>/dev/null | grep '[13579bdf]$$'),odd even,even odd)
test:
	@echo "namespace tests: half '$(firstword $(HALVES))' as released, half '$(lastword $(HALVES))' under the sanitizers"
	@$(MAKE) --no-print-directory test-all \
		PLAIN_HALF=--half=$(firstword $(HALVES)) ASAN_HALF=--half=$(lastword $(HALVES))

# Nothing runs beside the tests with times of their own.
test-all:
	@scripts/deps.sh build
	@scripts/deps.sh test
	@scripts/deps.sh container
	@scripts/deps.sh kernels bullseye
	@$(MAKE) --no-print-directory variant-clang variant-plain variant-asan
	@$(MAKE) --no-print-directory -j2 --output-sync=target unit container-test
	@$(MAKE) --no-print-directory kernel-smoke
	@$(MAKE) --no-print-directory netns

IMAGE = vipherald:$(VERSION)
image:
	@scripts/image.sh $(IMAGE)

demo:
	@scripts/deps.sh build
	@$(MAKE) --no-print-directory all
	@scripts/demo.sh

deps:
	@scripts/deps.sh build
	@scripts/deps.sh test
	@scripts/deps.sh container
	@scripts/deps.sh lint

lint:
	@scripts/deps.sh lint
	@scripts/lint.sh "$(filter-out -DVIPHERALD_VERSION%,$(ALL_CFLAGS))"

FUZZ_SECONDS = 60
fuzz:
	@$(MAKE) --no-print-directory BUILD=build/fuzzer CC=clang CFLAGS= \
		VARIANT="-O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all" \
		run-fuzz
run-fuzz: $(FUZZ_BIN)
	@set -e; for t in $(FUZZ_BIN); do n=$${t##*/fuzz_}; mkdir -p $(BUILD)/found/$$n; \
		$$t -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(BUILD)/found/ \
			$(BUILD)/found/$$n tests/fuzz/corpus/$$n; done

docs:
	@scripts/gen-config-doc

# DESTDIR= stages a package; nothing is enabled or started.
PREFIX     = /usr/local
SYSCONFDIR = /etc
INSTALL    = @DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' BUILD='$(BUILD)' \
	     VERSION='$(VERSION)' scripts/install.sh

install: all
	$(INSTALL) install

uninstall:
	$(INSTALL) uninstall

release:
	@scripts/release.sh '$(VERSION)' '$(BUILD)'

bench: variant-plain
	@bench/run

# Beside the routers of the tests (scripts/deps.sh test).
bench-routers: all
	@VIPHERALD=$(BUILD)/vipherald bench/routers.py

# docs/pictures/page.png is one of them.
screenshots: all
	@scripts/deps.sh test
	@cd tests && VIPHERALD=$(BUILD)/vipherald /usr/bin/python3 -m netns.screenshots ../build/screenshots

clean:
	rm -rf build

.PHONY: all help libraries unit-binaries bench-binaries run-unit variant-plain variant-asan \
	variant-clang unit unit-objects build-test netns container-test test-kernels kernel-smoke image soak test \
	test-all demo deps lint \
	fuzz run-fuzz simulate bench bench-routers screenshots clean docs install uninstall release coverage mutants \
	run-mutants

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
