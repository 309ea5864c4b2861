# mini: `make run` and `make test` do everything; `make` builds; `make help` lists the rest.

VERSION := 0.1.0
CC ?= gcc
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
SCRIPT ?= examples/tour.mini
ARGS ?=
ORACLE ?= python3.13

WARNINGS := -Wall -Wextra -Wshadow -Werror
OPTIMISE ?= -O2
SANITIZE ?=
CFLAGS ?= -g1
CPPFLAGS_ALL := -I. -Iinclude -I$(BUILD)/gen -D_GNU_SOURCE -DPCRE2_CODE_UNIT_WIDTH=8 -DMINI_VERSION='"$(VERSION)"' $(CPPFLAGS)
CFLAGS_ALL := -std=gnu11 $(OPTIMISE) $(WARNINGS) -fPIC -fvisibility=hidden -fno-strict-aliasing -ffp-contract=off $(SANITIZE) $(CFLAGS)
LIBS := -lgmp -lpcre2-8 -lutf8proc -lm -lpthread -ldl

# The program takes libraries from archives where there are any, and stands at a fixed address: half of its start-up was the loader's work.
archive = $(if $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a)),$(shell $(CC) -print-file-name=lib$(1).a),-l$(1))
CLI_LIBS = -no-pie $(call archive,readline) $(call archive,tinfo) $(call archive,gmp) $(call archive,pcre2-8) $(call archive,utf8proc) -lm -lpthread -ldl

GENERATED := $(BUILD)/gen/lexer.c $(BUILD)/gen/grammar.c $(BUILD)/gen/frozen.c
LIB_SOURCES := $(wildcard lexer/*.c parser/*.c compiler/*.c vm/*.c vm/types/*.c gc/*.c stdlib/*.c)
CLI_SOURCES := $(wildcard cli/*.c)
LIB_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(LIB_SOURCES)) $(patsubst $(BUILD)/gen/%.c,$(BUILD)/obj/gen/%.o,$(GENERATED))
CLI_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(CLI_SOURCES))
FROZEN := $(sort $(wildcard stdlib/*.mini) $(wildcard stdlib/*/*.mini))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all run test oracle asan install clean setup setup-test help

# The first build on a fresh machine asks for the packages; later ones find them there.
all: $(BUILD)/mini $(BUILD)/libmini.a $(BUILD)/libmini.so

help:
	@echo 'make            build $(BUILD)/mini, $(BUILD)/libmini.a, $(BUILD)/libmini.so'
	@echo 'make run        set up, build, run SCRIPT (default examples/tour.mini) with ARGS'
	@echo 'make test       set up, build, run all tests'
	@echo 'make oracle     compare every test script with ORACLE (default python3.13)'
	@echo 'make asan       build build/asan/mini with AddressSanitizer and UBSan'
	@echo 'make install    into DESTDIR/PREFIX'
	@echo 'make clean'

setup:
	@scripts/setup
setup-test:
	@scripts/setup --tests

run: setup
	@$(MAKE) --no-print-directory -j2 all
	@$(BUILD)/mini $(SCRIPT) $(ARGS)

test: setup-test
	@$(MAKE) --no-print-directory -j2 all
	@tests/run

oracle: all
	@tests/oracle $(ORACLE)

asan:
	@$(MAKE) --no-print-directory -j2 BUILD=$(BUILD)/asan OPTIMISE=-O1 CFLAGS='-g -fno-omit-frame-pointer' \
	  SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=undefined' CPPFLAGS=-DMINI_VERIFY_CODE $(BUILD)/asan/mini

$(BUILD)/mini: $(CLI_OBJECTS) $(BUILD)/libmini.a
	@echo '  LINK $@'
	@$(CC) $(CFLAGS_ALL) -o $@ $^ $(CLI_LIBS)

$(BUILD)/libmini.a: $(LIB_OBJECTS)
	@rm -f $@
	@echo '  AR   $@'
	@ar rcs $@ $^

$(BUILD)/libmini.so: $(LIB_OBJECTS) include/libmini.map
	@echo '  LINK $@'
	@$(CC) $(CFLAGS_ALL) -shared -Wl,-soname,libmini.so.0 -Wl,--version-script=include/libmini.map -o $@ $(LIB_OBJECTS) $(LIBS)

$(BUILD)/obj/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Generated code is not ours to mend: no -Wshadow, no unused parameters.
$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -Wno-error -w -MMD -MP -c -o $@ $<

$(BUILD)/gen/lexer.c: lexer/lexer.re
	@mkdir -p $(@D)
	re2c -W -o $@ $<

$(BUILD)/gen/grammar.c: parser/grammar.y
	@mkdir -p $(@D)
	lemon -q -d$(@D) $<

$(BUILD)/gen/frozen.c: scripts/freeze $(FROZEN) stdlib
	@mkdir -p $(@D)
	scripts/freeze $(FROZEN) > $@

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(BUILD)/mini $(DESTDIR)$(PREFIX)/bin/mini
	install -m 644 include/mini.h $(DESTDIR)$(PREFIX)/include/mini.h
	install -m 644 $(BUILD)/libmini.a $(DESTDIR)$(PREFIX)/lib/libmini.a
	install -m 755 $(BUILD)/libmini.so $(DESTDIR)$(PREFIX)/lib/libmini.so.0
	ln -sf libmini.so.0 $(DESTDIR)$(PREFIX)/lib/libmini.so
	install -m 644 docs/mini.1 $(DESTDIR)$(PREFIX)/share/man/man1/mini.1
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' scripts/libmini.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/libmini.pc

clean:
	rm -rf build

-include $(LIB_OBJECTS:.o=.d) $(CLI_OBJECTS:.o=.d)
