# SPDX-License-Identifier: ISC
# dashpot: `make` builds ./dashpot, `make test` checks everything.
#
# CC CFLAGS CPPFLAGS LDFLAGS PREFIX DESTDIR INIH_DIR CJSON_DIR are yours: what
# the build needs itself is added to them. Nothing is written outside $(BUILD),
# but ./dashpot.

VERSION = 0.1.0
PREFIX = /usr/local
MANDIR = $(PREFIX)/share/man
DOCDIR = $(PREFIX)/share/doc/dashpot
BUILD = build
INIH_DIR = $(BUILD)/deps/inih
CJSON_DIR = $(BUILD)/deps/cjson
STRIP = strip
CFLAGS ?= -Oz -g
ifeq ($(origin CC),default)
CC = musl-gcc
endif

sources := $(sort $(wildcard policy/*.c init/*.c init/*/*.c))
library := $(filter-out init/main.c,$(sources))
unit := $(sort $(wildcard tests/unit/test_*.c))
fuzzers := $(sort $(wildcard tests/fuzz/fuzz_*.c))

warnings = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Wvla \
	-Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum \
	-Wwrite-strings -Wcast-qual $(if $(CI)$(WERROR),-Werror)
test_warnings = $(filter-out -Wconversion -Wcast-qual -Wwrite-strings \
	-Wformat=2,$(warnings)) -Wno-unused-parameter
# Files with an INVARIANT() have a number in their events: NUMBER=NAME...
source_numbers := $(shell for file in $$(grep -lw INVARIANT init/*/*.c); do \
	set -- $$(printf %s $$file | cksum); echo $$(($$1 % 65521 + 1))=$$file; done)
$(if $(filter $(words $(source_numbers)),$(words $(sort $(foreach \
	n,$(source_numbers),$(firstword $(subst =, ,$(n))))))),,\
	$(error two files have the same number: $(source_numbers)))
cppflags = -I. -I$(BUILD)/include -D_GNU_SOURCE= -DDASHPOT_VERSION='"$(VERSION)"'
harden = -fstack-protector-strong -fstack-clash-protection
inih = -isystem $(INIH_DIR) -DINI_HANDLER_LINENO=1 \
	-DINI_CALL_HANDLER_ON_NEW_SECTION=1 -DINI_ALLOW_MULTILINE=0 \
	-DINI_ALLOW_INLINE_COMMENTS=0 -DINI_ALLOW_NO_VALUE=0 \
	-DINI_MAX_LINE=65540 -DINI_INITIAL_ALLOC=65540 -DINI_USE_STACK=0 \
	-DINI_CUSTOM_ALLOCATOR=1
cjson = -isystem $(CJSON_DIR)
sanitize = -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer

# Every variant of the objects has a folder, a compiler and flags of its own.
# Only init/loader sees inih; init/config, loader, board and pid1 do not see cJSON.
variants = musl test fuzz cov
musl = $(CC) -ffunction-sections -fdata-sections -fno-pie $(harden) \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-jump-tables \
	-flto -flto-partition=one $(smaller)
# What -Oz still spends on speed: one per cent of the program.
smaller = -fipa-pta -fno-caller-saves -fno-move-loop-invariants \
	-fno-tree-loop-im -fno-tree-dominator-opts -fno-ipa-sra \
	-fno-tree-sra -fno-guess-branch-probability \
	$(unaligned)
# Only x86 has it: tables are not moved to the next 32 bytes.
unaligned := $(shell $(CC) -malign-data=abi -fsyntax-only -x c /dev/null \
	2>/dev/null && echo -malign-data=abi)
musl_yours = $(CPPFLAGS) $(CFLAGS)
test = $(TEST_CC) -O1 -g $(sanitize) -DINVARIANT_ABORTS
fuzz = $(FUZZ_CC) -O1 -g $(sanitize) -fsanitize=fuzzer-no-link -DINVARIANT_ABORTS
cov = $(TEST_CC) -O0 -g --coverage -DINVARIANT_ABORTS
TEST_CC = gcc
FUZZ_CC = clang

# What `dashpot -- CMD` runs keeps objects of its own, for init/first.ld.
first = init/main init/kernel/descriptors init/cli/command_line \
	init/cli/commands init/cli/options init/kernel/execute \
	init/kernel/memory init/kernel/process init/kernel/reap \
	init/kernel/clone init/kernel/signals init/kernel/spawn init/kernel/terminal \
	init/pid1/single_command
$(first:%=$(BUILD)/musl/%.o): place = -fno-lto
# The linker takes a name that matches nothing without a word.
placed = $(patsubst %.o,%,$(shell grep -o 'init/[a-z0-9_/]*\.o' init/first.ld))
no_object = $(sort $(filter-out $(sources:%.c=%),$(first) $(placed)) \
	$(filter-out $(first),$(placed)) $(filter-out $(placed),$(first)))
placed_data = $(patsubst .bss.%,%,$(sort \
	$(shell grep -o '\.bss\.[a-z_]*' init/first.ld)))

# Nothing is relocated at the start, so there is nothing that could become
# read-only after it: relro would be padding alone, as whole pages would be.
ldflags = -static -no-pie -Wl,--gc-sections,--build-id=none \
	-Wl,-z,noseparate-code,-z,noexecstack,-z,norelro \
	-Wl,-z,common-page-size=64 -Wl,-T,init/first.ld \
	-Wl,--sort-section=alignment

# `make V=1` shows whole commands.
say = $(if $(V),,@echo '  $(1) $@' &&)

all: dashpot

dashpot: $(BUILD)/musl/dashpot
	$(call say,STRIP) $(STRIP) -R .comment -R .eh_frame -o $@ $<

$(BUILD)/musl/dashpot: $(sources:%.c=$(BUILD)/musl/%.o) \
		$(BUILD)/musl/ini.o $(BUILD)/musl/cJSON.o init/first.ld
	$(if $(no_object),$(error init/first.ld and `first` differ, or name no \
		source: $(no_object)))
	$(call say,LINK) $(musl) $(CFLAGS) $(ldflags) $(LDFLAGS) -o $@ \
		$(filter %.o,$^)

$(sources:%.c=$(BUILD)/musl/%.o) $(BUILD)/musl/ini.o: | have-compiler
have-compiler:
	@command -v $(firstword $(CC)) >/dev/null || { echo 'dashpot: no' \
	'$(firstword $(CC)) here. On Debian: apt-get install gcc make musl-tools.' \
	'Elsewhere: make CC=, a compiler that links statically.' >&2; exit 1; }

define variant
$(BUILD)/$(1)/init/loader/%.o: only = $(inih)
$(BUILD)/$(1)/init/text/%.o: only = $(cjson)
$(BUILD)/$(1)/init/recorder/%.o: only = $(cjson)
$(BUILD)/$(1)/init/relay/%.o: only = $(cjson)
$(BUILD)/$(1)/init/control/%.o: only = $(cjson)
$(BUILD)/$(1)/init/prober/%.o: only = $(cjson)
$(BUILD)/$(1)/init/report/%.o: only = $(cjson)
$(BUILD)/$(1)/init/simulate/%.o: only = $(cjson)
$(BUILD)/$(1)/init/cli/%.o: only = $(cjson)
$$(foreach n,$$(source_numbers),$$(eval $(BUILD)/$(1)/$$(patsubst \
	%.c,%.o,$$(lastword $$(subst =, ,$$(n)))): \
	number = -DINVARIANT_FILE=$$(firstword $$(subst =, ,$$(n)))))
$(BUILD)/$(1)/init/text/source_name.o: $(BUILD)/include/source_numbers.h
$(BUILD)/$(1)/%.o: %.c Makefile | $(INIH_DIR)/ini.h $(CJSON_DIR)/cJSON.h
	@mkdir -p $$(@D)
	$$(call say,CC) $(2) -std=c11 $(cppflags) $$(only) $$(place) $$(number) \
		$(warnings) $$($(1)_yours) -MMD -MP -c -o $$@ $$<
$(BUILD)/$(1)/ini.o: $(INIH_DIR)/ini.c init/loader/inih_port.h Makefile
	@mkdir -p $$(@D)
	$$(call say,CC) $(2) -I. $(inih) -include init/loader/inih_port.h \
		$$($(1)_yours) -w -c -o $$@ $$<
$(BUILD)/$(1)/cJSON.o: $(CJSON_DIR)/cJSON.c init/text/cjson_port.h \
		init/text/heap.h Makefile
	@mkdir -p $$(@D)
	$$(call say,CC) $(2) -I. $(cjson) -include init/text/cjson_port.h \
		$$($(1)_yours) -w -c -o $$@ $$<
$(BUILD)/$(1)/libdashpot.a: $(library:%.c=$(BUILD)/$(1)/%.o) \
		$(BUILD)/$(1)/ini.o $(BUILD)/$(1)/cJSON.o
	@rm -f $$@
	$$(call say,AR) $(AR) rcs $$@ $$^
endef
$(foreach v,$(variants),$(eval $(call variant,$(v),$$($(v)))))

# Made anew only where it says something else.
$(BUILD)/include/source_numbers.h: $(sources) Makefile
	@mkdir -p $(@D)
	@printf '{ %s },\n' $(foreach n,$(source_numbers),'$(firstword \
		$(subst =, ,$(n))), "$(lastword $(subst =, ,$(n)))"') >$@.new
	@cmp -s $@.new $@ || mv $@.new $@

# A test may replace FUNCTION for the whole program by __wrap_FUNCTION.
wraps = $$(sed -n 's/.*__wrap_\([A-Za-z0-9_]*\)(.*/-Wl,--wrap=\1/p' $< | sort -u)
define program
	@mkdir -p $(@D)
	$(call say,CC) $(1) -std=c11 $(all_cppflags) $(test_warnings) \
		-MMD -MP -MF $@.d -MT $@ -o $@ $< $(wraps) $(filter %.a,$^)
endef
$(BUILD)/test/tests/%: tests/%.c $(BUILD)/test/libdashpot.a
	$(call program,$(test)) -lcmocka
$(BUILD)/cov/tests/%: tests/%.c $(BUILD)/cov/libdashpot.a
	$(call program,$(cov)) -lcmocka
$(BUILD)/fuzz/tests/%: tests/%.c $(BUILD)/fuzz/libdashpot.a
	$(call program,$(fuzz) -fsanitize=fuzzer) -lcmocka

unit-programs: $(unit:%.c=$(BUILD)/test/%)
fuzz-programs: $(fuzzers:%.c=$(BUILD)/fuzz/%)
coverage-programs: $(unit:%.c=$(BUILD)/cov/%)

$(BUILD)/deps/%/.fetched: deps/fetch.sh
	deps/fetch.sh $(BUILD)/deps $*
	@touch $@
$(BUILD)/deps/inih/ini.c $(BUILD)/deps/inih/ini.h: $(BUILD)/deps/inih/.fetched ;
$(BUILD)/deps/cjson/cJSON.c $(BUILD)/deps/cjson/cJSON.h: \
		$(BUILD)/deps/cjson/.fetched ;

# policy/ is arithmetic: it compiles without any header but the compiler's own,
# needs no function but mem*, and owns no memory that can be written.
pure = $(patsubst policy/%.c,$(BUILD)/pure/%.o,$(wildcard policy/*.c))
$(BUILD)/pure/%.o: policy/%.c $(wildcard policy/*.h)
	@mkdir -p $(@D)
	$(call say,CC) $(TEST_CC) -std=c11 -ffreestanding -nostdinc -O2 -fno-pic -fno-pie \
		-fno-stack-protector -I. -c -o $@ $< \
		-isystem "$$($(TEST_CC) -print-file-name=include)"
check-pure: $(pure)
	@test -n '$(pure)' || { echo 'check-pure: policy/ is empty' >&2; exit 1; }
	@! grep -nE '^[ 	]*#[ 	]*include' policy/*.[ch] | grep -vE \
		'include ("policy/[a-z_]+\.h"|<(stdbool|stddef|stdint)\.h>)'
	@$(TEST_CC) -r -nostdlib -o $(BUILD)/pure/policy.o $(pure)
	@! nm -u $(BUILD)/pure/policy.o | grep -vE ' U mem[a-z]+$$'
	@! nm $(BUILD)/pure/policy.o | grep -E ' [BbCDdGgSs] '

# The door to the kernel is init/kernel: what PID 1 links beside it asks the
# kernel for nothing by itself. Where a name comes from a room above the door,
# it is another process's beginning; what else is allowed is pure.
door_rooms = pid1 service board config lib text
door_objects := $(patsubst %.c,$(BUILD)/doors/%.o,$(wildcard policy/*.c) \
	$(foreach room,$(door_rooms),$(wildcard init/$(room)/*.c)))
door_above := $(filter $(BUILD)/doors/init/pid1/% \
	$(BUILD)/doors/init/service/%,$(door_objects))
door := $(patsubst %.c,$(BUILD)/doors/%.o,$(wildcard init/kernel/*.c))
door_names = mem% str% getenv helper_mains helper_run loader_process_run
$(eval $(call variant,doors,$(TEST_CC) -O2 -fno-pic -fno-pie \
	-fno-stack-protector))
check-doors: $(door_objects) $(door)
	@rm -f $(BUILD)/doors/below.a
	@$(AR) rcs $(BUILD)/doors/below.a \
		$(filter-out $(door_above),$(door_objects))
	@$(LD) -r -o $(BUILD)/doors/above.o $(door_above) \
		$(BUILD)/doors/below.a
	@tests/check-doors $(BUILD)/doors/above.o '$(door_names)' \
		$(door)

check-layers:
	@tests/check-layers

check-static: dashpot
	@for name in $(filter-out first,$(placed_data)); do \
		nm $(BUILD)/musl/dashpot | grep -q " b $$name$$" || { echo \
		"init/first.ld: no variable $$name" >&2; exit 1; }; done
	@! readelf -lW dashpot | grep -E 'INTERP|DYNAMIC|GNU_STACK.* RWE'
	@size=$$(wc -c <dashpot) && echo "dashpot: $$size of 352800 bytes" && \
		test "$$size" -le 352800

test:
	+@MAKE='$(MAKE)' tests/run $(ONLY)
lint fuzz coverage:
	+@MAKE='$(MAKE)' tests/run $@
bench: dashpot
	@tests/bench/run
demo:
	@examples/demo/run.sh

# The scripts in tests/ take flags from here.
all_cppflags = $(cppflags) $(inih) $(cjson)
print-%:
	$(info $($*)) @:

install: dashpot
	install -D -m 755 dashpot $(DESTDIR)$(PREFIX)/bin/dashpot
	for page in $(wildcard docs/*.[1-8]); do \
		install -D -m 644 -t $(DESTDIR)$(MANDIR)/man$${page##*.} $$page || exit; \
	done
	install -D -m 644 -t $(DESTDIR)$(DOCDIR) LICENSE \
		$(wildcard README.md CHANGELOG.md docs/*.md docs/*.json)
	cp -R examples $(DESTDIR)$(DOCDIR)

dist:
	@mkdir -p $(BUILD)
	git archive --format=tar --prefix=dashpot-$(VERSION)/ HEAD | \
		gzip -9n >$(BUILD)/dashpot-$(VERSION).tar.gz

# What was fetched stays, so that the next build needs no network.
clean:
	rm -rf dashpot $(addprefix $(BUILD)/,$(variants) pure doors test-logs)
distclean: clean
	rm -rf $(BUILD)

-include $(shell find $(variants:%=$(BUILD)/%) $(BUILD)/doors -name '*.d' 2>/dev/null)
.DELETE_ON_ERROR:
.PHONY: all have-compiler unit-programs fuzz-programs coverage-programs \
	check-pure check-doors check-layers check-static test lint fuzz coverage bench demo install dist \
	clean distclean
