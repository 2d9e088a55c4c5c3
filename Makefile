# banter: `make help` lists the targets.
#
# Output goes to build/ (build/$(SAN) for sanitizer builds), and for the front ends to widget/dist and
# dashboard/dist. Only `make install` writes elsewhere.

VERSION := 0.1.0
.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:

# Compilers and flags. CC=clang works too; SAN=address,undefined builds with these sanitizers.
ifeq ($(origin CC),default)
CC := gcc
endif
SAN ?=
PREFIX ?= /usr
DESTDIR ?=

# V=1 prints the commands.
Q := $(if $(V),,@)
SAY = @$(if $(V),:,printf '  %-4s %s\n')

comma := ,
BUILD := build$(if $(SAN),/$(subst $(comma),-,$(SAN)))
OBJ := $(BUILD)/obj

WARN := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wvla -Wformat=2 -Wundef -Wpointer-arith \
	-Wcast-qual -Wwrite-strings -Wnull-dereference -Wimplicit-fallthrough -Werror
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
ifeq ($(SAN),)
OPT ?= -O2 -g
HARDEN += -D_FORTIFY_SOURCE=2
LDHARDEN := -pie -Wl,-z,relro,-z,now,-z,noexecstack
# Debug information does not depend on the directory.
HARDEN += -ffile-prefix-map="$(CURDIR)"=.
else
# What a sanitizer reports names functions and lines only.
OPT ?= -O1 -g1 -fno-omit-frame-pointer
SANFLAGS := -fsanitize=$(SAN) -fno-sanitize-recover=all
SANITIZED := -DBANTER_SANITIZED
LDHARDEN := -pie
endif
ifneq ($(findstring clang,$(shell $(CC) --version 2>/dev/null | head -n 1)),)
COMPILER := -fdouble-square-bracket-attributes
endif

CPPFLAGS := -I. -D_GNU_SOURCE $(SANITIZED)
CFLAGS := -std=gnu17 $(OPT) $(WARN) $(HARDEN) $(SANFLAGS) $(COMPILER)
LDFLAGS := $(LDHARDEN) $(SANFLAGS)

# Programs. Each one consists of the C files below its folder; storaged/cli is the banter command.
# Sorted, so that the same sources link to the same bytes everywhere.
sources = $(sort $(shell find $(1) -name '*.c'))
objects = $(foreach c,$(basename $(call sources,$(1))),$(if $(filter $(c),$(NAMED)),$(OBJ),$(SHARED))/$(c).o)

PROTO := proto
MASTERD := masterd
WORKERD := $(wildcard workerd/*.c) $(patsubst %/,%,$(filter-out workerd/crawl/ workerd/maild/ workerd/mediad/,$(wildcard workerd/*/)))
# crawld. What it shares with workerd comes from that archive.
CRAWL := $(wildcard workerd/crawl/*.c) workerd/crawl/document workerd/crawl/fetch workerd/crawl/rules workerd/crawl/source
EXTRACT := workerd/crawl/extract
# maild, in the same way.
MAILD := workerd/maild
# The codecs of pictures, for a process of their own.
MEDIA := workerd/mediad/media workerd/mediad/extract
# mediad, which starts that process.
MEDIAD := $(wildcard workerd/mediad/*.c)
STORED := $(patsubst %/,%,$(filter-out storaged/cli/ storaged/search/,$(wildcard storaged/*/)))
SEARCH := storaged/search
BANTER := storaged/cli

# Files that depend on the version or on the paths of an installed banter. All other objects are the same
# in every package; they are in SHARED.
NAMED := $(basename $(shell grep -lE 'BANTER_(VERSION|DATA_DIR|STORE_SOCKET|SEARCH_SOCKET|CONFIG_DIR)|/settings\.def"' \
	$(call sources,$(PROTO) $(MASTERD) $(WORKERD) $(CRAWL) $(EXTRACT) $(MAILD) $(MEDIA) $(MEDIAD) $(STORED) $(SEARCH) $(BANTER) tests/unit tests/fuzz)))
SHARED := $(OBJ)

proto_libs := -lbsd -lcrypto -ljansson
master_libs := -levent_core $(proto_libs)
worker_libs := -lcurl -levent_core -lm -lnghttp2 -lseccomp -lssl -lunistring -lwslay $(proto_libs)
crawl_libs := -lcurl -levent_core -lseccomp -lz $(proto_libs)
mail_libs := -lcurl -levent_core -lseccomp -lunistring $(proto_libs)
extract_libs := -lseccomp -lxml2 -lzip $(proto_libs)
mediad_libs := -Wl,--as-needed -levent_core -lseccomp $(proto_libs)
# Only what a process uses is loaded when it starts: it decodes one picture.
media_libs := -Wl,--as-needed -ljpeg -lpng16 -lwebpdemux -lwebp -lgif -lseccomp $(proto_libs)
store_libs := -llmdb -levent_core -lpq -lseccomp -lunistring -lxxhash $(proto_libs)
search_libs := -levent_core -lseccomp -lsqlite3 -lstemmer -lunistring -lm $(proto_libs)
banter_libs := $(filter-out -lpq,$(store_libs))
stub_libs := -levent_core -ljansson -lbsd

PROGRAMS := $(addprefix $(BUILD)/,masterd workerd storaged searchd crawld crawl-extract media-extract maild mediad banter openai-stub)
# Further programs for the end-to-end tests.
TEST_PROGRAMS := $(BUILD)/http-peer $(BUILD)/hours-peer $(BUILD)/picture-files $(BUILD)/store-dump
UNIT := $(patsubst tests/%.c,$(BUILD)/%,$(shell find tests/unit -name 'test_*.c')) \
	$(BUILD)/unit/test_fuzz_corpus
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: all
all: programs frontends ## build everything: daemons, demo model, widget, dashboard

.PHONY: programs
programs: $(PROGRAMS) ## build the C programs only (SAN=address,undefined: with sanitizers)

.PHONY: unit
unit: $(UNIT) $(TEST_PROGRAMS)
	$(REMOVE_OLD_UNIT)

# Programs of deleted or renamed tests, which would run too.
REMOVE_OLD_UNIT = $(Q)rm -f $(filter-out $(UNIT),$(shell find $(BUILD)/unit -type f))

# One archive for the objects of each part, without its main file, for programs, tests and benchmarks.
archive = $(BUILD)/lib$(1).a
define ARCHIVE
$(call archive,$(1)): $(filter-out $(foreach d,$(OBJ) $(SHARED),$(d)/$(1)/main.o $(d)/storaged/$(1)/main.o \
	$(d)/workerd/$(1)/main.o $(d)/workerd/crawl/$(1)/main.o $(d)/workerd/mediad/extract/main.o $(d)/storaged/server/main.o),$(call objects,$(2)))
endef
$(eval $(call ARCHIVE,proto,$(PROTO)))
$(eval $(call ARCHIVE,masterd,$(MASTERD)))
$(eval $(call ARCHIVE,workerd,$(WORKERD)))
$(eval $(call ARCHIVE,crawl,$(CRAWL)))
$(eval $(call ARCHIVE,extract,$(EXTRACT)))
$(eval $(call ARCHIVE,maild,$(MAILD)))
$(eval $(call ARCHIVE,media,$(MEDIA)))
$(eval $(call ARCHIVE,mediad,$(MEDIAD)))
$(eval $(call ARCHIVE,storaged,$(STORED)))
$(eval $(call ARCHIVE,search,$(SEARCH)))
$(eval $(call ARCHIVE,cli,$(BANTER)))
$(BUILD)/lib%.a:
	@mkdir -p $(@D)
	$(SAY) AR $@
	$(Q)rm -f $@ && ar rcs $@ $^
proto_a := $(call archive,proto)
masterd_a := $(call archive,masterd) $(proto_a)
workerd_a := $(call archive,workerd) $(proto_a)
crawl_a := $(call archive,crawl) $(workerd_a)
extract_a := $(call archive,extract) $(call archive,crawl) $(call archive,workerd) $(proto_a)
maild_a := $(call archive,maild) $(workerd_a)
media_a := $(call archive,media) $(workerd_a)
mediad_a := $(call archive,mediad) $(media_a)
storaged_a := $(call archive,storaged) $(proto_a)
search_a := $(call archive,search) $(storaged_a)
cli_a := $(call archive,cli) $(storaged_a)

define LINK
@mkdir -p $(@D)
$(SAY) LD $@
$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^)
endef

$(BUILD)/masterd: $(call objects,masterd/main.c) $(masterd_a)
	$(LINK) $(master_libs)
$(BUILD)/workerd: $(call objects,workerd/main.c) $(workerd_a)
	$(LINK) $(worker_libs)
$(BUILD)/crawld: $(call objects,workerd/crawl/main.c) $(crawl_a)
	$(LINK) $(crawl_libs)
$(BUILD)/crawl-extract: $(call objects,workerd/crawl/extract/main.c) $(extract_a)
	$(LINK) $(extract_libs)
$(BUILD)/media-extract: $(call objects,workerd/mediad/extract/main.c) $(media_a)
	$(LINK) $(media_libs)
$(BUILD)/mediad: $(call objects,workerd/mediad/main.c) $(mediad_a)
	$(LINK) $(mediad_libs)
$(BUILD)/maild: $(call objects,workerd/maild/main.c) $(maild_a)
	$(LINK) $(mail_libs)
$(BUILD)/storaged: $(call objects,storaged/server/main.c) $(storaged_a)
	$(LINK) $(store_libs)
$(BUILD)/searchd: $(call objects,storaged/search/main.c) $(search_a)
	$(LINK) $(search_libs)
$(BUILD)/banter: $(call objects,storaged/cli/main.c) $(cli_a)
	$(LINK) $(banter_libs)
$(BUILD)/openai-stub: $(call objects,tests/stub) $(workerd_a)
	$(LINK) $(stub_libs) $(proto_libs)

# Prints the contents of a store, for the tests of several machines.
$(BUILD)/store-dump: $(OBJ)/tests/cluster/dump.o
	$(LINK) -llmdb -lcrypto

pictures_o := $(OBJ)/tests/media/pictures.o $(OBJ)/tests/media/gif_pictures.o
# The HTTP server of workerd alone.
$(BUILD)/http-peer: $(OBJ)/tests/http/http_peer.o $(workerd_a)
	$(LINK) $(worker_libs)

# The working hours of workerd alone.
$(BUILD)/hours-peer: $(OBJ)/tests/hours/hours_peer.o $(workerd_a)
	$(LINK) $(worker_libs)

# The pictures of the tests as files.
$(BUILD)/picture-files: $(OBJ)/tests/media/picture_files.o $(pictures_o) $(media_a)
	$(LINK) $(media_libs) -lwebpmux

# A unit test is in the same folder below tests/unit as the file that it tests, and links that part.
$(BUILD)/unit/storaged/cli/%: $(OBJ)/tests/unit/storaged/cli/%.o $(cli_a)
	$(LINK) $(banter_libs) -lcmocka
$(BUILD)/unit/storaged/search/%: $(OBJ)/tests/unit/storaged/search/%.o $(search_a)
	$(LINK) $(search_libs) -lcmocka
scenario_o := $(call objects,tests/unit/scenario)
$(BUILD)/unit/storaged/test_scenarios: $(call objects,tests/unit/storaged/steps) $(scenario_o)
$(BUILD)/unit/storaged/%: $(OBJ)/tests/unit/storaged/%.o $(storaged_a)
	$(LINK) $(store_libs) -lcmocka
$(BUILD)/unit/masterd/%: $(OBJ)/tests/unit/masterd/%.o $(masterd_a)
	$(LINK) $(master_libs) -lcmocka
$(addprefix $(BUILD)/unit/workerd/http/,test_scenarios tls/test_scenarios): \
	$(call objects,tests/unit/workerd/http/steps) $(scenario_o)
$(BUILD)/unit/workerd/http/test_corpus: $(OBJ)/tests/http/corpus.o
$(BUILD)/unit/workerd/http/%: $(OBJ)/tests/unit/workerd/http/%.o $(workerd_a)
	$(LINK) $(worker_libs) -lcmocka
$(BUILD)/unit/workerd/turn/test_scenarios: $(call objects,tests/unit/workerd/turn/steps) $(scenario_o)
$(BUILD)/unit/workerd/crawl/extract/%: $(OBJ)/tests/unit/workerd/crawl/extract/%.o $(extract_a)
	$(LINK) $(extract_libs) -lcmocka
$(BUILD)/unit/workerd/maild/%: $(OBJ)/tests/unit/workerd/maild/%.o $(maild_a)
	$(LINK) $(mail_libs) -lcmocka
$(BUILD)/unit/workerd/mediad/%: $(OBJ)/tests/unit/workerd/mediad/%.o $(pictures_o) $(mediad_a)
	$(LINK) $(media_libs) -levent_core -lunistring -lwebpmux -lcmocka
$(addprefix $(BUILD)/unit/workerd/mediad/,test_conversions extract/test_media_extract): | $(BUILD)/media-extract
$(BUILD)/unit/workerd/files/%: $(OBJ)/tests/unit/workerd/files/%.o $(pictures_o) $(media_a)
	$(LINK) $(media_libs) -lwebpmux -lcmocka
$(BUILD)/unit/workerd/crawl/test_extraction: | $(BUILD)/crawl-extract
$(BUILD)/unit/workerd/crawl/%: $(OBJ)/tests/unit/workerd/crawl/%.o $(crawl_a)
	$(LINK) $(crawl_libs) -lcmocka
$(BUILD)/unit/workerd/%: $(OBJ)/tests/unit/workerd/%.o $(workerd_a)
	$(LINK) $(worker_libs) -lcmocka
$(BUILD)/unit/proto/%: $(OBJ)/tests/unit/proto/%.o $(proto_a)
	$(LINK) $(proto_libs) -lseccomp -lunistring -lcmocka -lpthread

# More than 200 programs: this linker needs a third of the time.
$(UNIT): private LDFLAGS += $(if $(shell command -v ld.gold),-fuse-ld=gold)

# The fuzz targets: one program that runs the committed inputs with all of them, and for `make fuzz` one
# program each, with the function name that libFuzzer expects.
fuzzed := $(addprefix $(OBJ)/tests/fuzz/,documents.o store_harness.o store_instructions.o) $(call archive,media) $(call archive,extract) $(call archive,crawl) $(call archive,maild) $(call archive,workerd) $(call archive,search) $(cli_a)
fuzzed_libs := $(media_libs) -lwebpmux $(worker_libs) $(crawl_libs) $(extract_libs) $(store_libs) -lsqlite3 -lstemmer -lm
$(BUILD)/unit/test_fuzz_corpus: $(call objects,tests/fuzz) $(OBJ)/tests/http/corpus.o $(pictures_o) $(fuzzed)
	$(LINK) $(fuzzed_libs) -lcmocka
$(addprefix $(BUILD)/fuzz_,$(FUZZ)): $(BUILD)/%: $(OBJ)/tests/fuzz/%.o $(OBJ)/tests/fuzz/input.o $(fuzzed)
	$(LINK) -fsanitize=fuzzer -Wl,--defsym=LLVMFuzzerTestOneInput=$* $(fuzzed_libs) -lcmocka

# The benchmarks share all files except their main files.
BENCH := store store_log scale fill crowd silent beside asker
bench_shared := $(filter-out $(patsubst %,$(OBJ)/tests/bench/%.o,$(BENCH) events model model_h2 search passages passages_peer), \
	$(call objects,tests/bench))
$(BENCH:%=$(BUILD)/bench/%): $(BUILD)/bench/%: $(OBJ)/tests/bench/%.o $(bench_shared) $(storaged_a) $(workerd_a)
	$(LINK) $(store_libs) -lssl
$(BUILD)/bench/model: $(addprefix $(OBJ)/tests/bench/,model.o model_h2.o link.o) \
		$(filter-out %/main.o,$(call objects,tests/stub)) $(workerd_a)
	$(LINK) $(worker_libs)
$(BUILD)/bench/search: $(OBJ)/tests/bench/search.o $(OBJ)/tests/bench/words.o $(search_a)
	$(LINK) $(search_libs)
$(addprefix $(BUILD)/bench/,passages passages_peer): $(BUILD)/bench/%: \
		$(OBJ)/tests/bench/%.o $(OBJ)/tests/bench/cpu_times.o $(search_a)
	$(LINK) $(search_libs)
$(BUILD)/bench/events: $(BUILD)/bench/%: $(OBJ)/tests/bench/%.o $(workerd_a)
	$(LINK) $(worker_libs)

# .d files list the headers. .flags changes with the compiler and its flags, .named also with the version:
# private, so that .flags does not inherit the version from the object that needs it.
$(NAMED:%=$(OBJ)/%.o) $(OBJ)/.named: private CPPFLAGS += -DBANTER_VERSION='"$(VERSION)"'
$(NAMED:%=$(OBJ)/%.o): $(OBJ)/.named
# Its headers are outside of the compiler's path. Private, so that .flags stays the same.
LIBXML2 := -isystem /usr/include/libxml2
$(OBJ)/workerd/crawl/extract/%: private CPPFLAGS += $(LIBXML2)
$(OBJ)/%.o: %.c $(OBJ)/.flags
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The compiler does not report files of .incbin as dependencies.
$(OBJ)/workerd/api/service.o: workerd/api/openapi/openapi.json
# The build fails if a route is missing in the OpenAPI document.
$(OBJ)/workerd/api/routing.o: $(OBJ)/workerd/api/.documented
$(OBJ)/workerd/api/.documented: workerd/api/openapi/openapi.json workerd/api/routes.def tests/lint/routes.awk
	@mkdir -p $(@D)
	$(Q)awk -f tests/lint/routes.awk workerd/api/openapi/openapi.json workerd/api/routes.def
	@touch $@

$(OBJ)/.flags $(OBJ)/.named: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(CC) $(CPPFLAGS) $(CFLAGS))' | cmp -s - $@ || \
	printf '%s\n' '$(subst ','\'',$(CC) $(CPPFLAGS) $(CFLAGS))' > $@
# FORCE must be phony: because of .SECONDARY below, a missing file without a rule would not force a rebuild.
.PHONY: FORCE

-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
.SECONDARY:

# Front ends.
.PHONY: frontends
frontends: widget/dist/.built dashboard/dist/.built ## build the widget and the dashboard

# The oldest Node that the builds and the tests run with: Debian 12's (tests/lint/node.mjs).
NODE_OLDEST := 18.20
NODE_IS_NEW = { printf '%s\n' v$(NODE_OLDEST) "$$(node --version)" | sort -VC || \
	{ echo "Node $$(node --version) is too old: banter needs $(NODE_OLDEST) or later to be built (Debian: apt install nodejs)."; exit 1; }; }

%/node_modules/.installed: %/package.json %/package-lock.json
	@$(NODE_IS_NEW)
	$(SAY) NPM $*
	$(Q)cd $* && output=$$(npm ci --no-audit --no-fund --no-progress 2>&1) || { \
		echo "$$output" | tail -n 20; \
		echo "npm could not install the packages of $*/: its last lines are above."; exit 1; }
	@touch $@

frontend_sources = $(shell find $(1) -type f -not -path '*/node_modules/*' -not -path '*/dist/*')
widget/dist/.built: widget/node_modules/.installed $(call frontend_sources,widget)
	$(SAY) NPM widget/dist
	$(Q)cd widget && npm run --silent build >/dev/null
	@touch $@
# The dashboard shows Markdown and the preview with the code of the widget.
dashboard/dist/.built: dashboard/node_modules/.installed $(call frontend_sources,dashboard) \
		$(call frontend_sources,widget/src)
	$(SAY) NPM dashboard/dist
	$(Q)cd dashboard && npm run --silent build >/dev/null
	@touch $@

# The npm packages. Their types come from the document of the API, by a program that the tests have.
PACKED := build/npm
.PHONY: npm
npm: ## build the npm packages in build/npm and check them
	@$(MAKE) --no-print-directory deps FOR=npm
	$(SAY) NPM $(PACKED)
	$(Q)node widget/packages/build.mjs $(VERSION) $(PACKED)

.PHONY: wordpress
wordpress: ## make the WordPress plugin: build/banter-chat.zip
	$(SAY) ZIP build/banter-chat.zip
	$(Q)node widget/wordpress/build.mjs $(VERSION) build

# Packages that a new Debian 12 or 13 needs. FOR=run: build and run. FOR=test: also test. FOR=lint: `make lint`.
# systemd/packages.sh describes `one|another`, `libraries-of:` and `if-known:`.
FOR ?= all
DEBS_run := gcc libc6-dev libcurl4-openssl-dev libgif-dev libjpeg62-turbo-dev liblmdb-dev libbsd-dev libssl-dev libevent-dev \
	libjansson-dev libnghttp2-dev libpng-dev libpq-dev libseccomp-dev libsqlite3-dev libstemmer-dev libunistring-dev libwebp-dev libwslay-dev \
	libxml2-dev libxxhash-dev libzip-dev poppler-utils zlib1g-dev ca-certificates curl tzdata if-known:tzdata-legacy
# Libraries for the servers in build/tools.
DEBS_servers := $(addprefix libraries-of:,nghttp2-proxy nginx haproxy)
DEBS_postgresql := postgresql|postgresql-15|postgresql-17
DEBS_test := $(DEBS_run) libcmocka-dev chromium chromium-headless-shell firefox-esr openssl $(DEBS_postgresql) \
	libjs-mootools libjs-prototype mariadb-client-core mariadb-server-core php-cli php-mbstring php-mysql php-xml slowhttptest sslscan strace \
	systemd $(DEBS_servers)
DEBS_faults := $(DEBS_run) strace
DEBS_lint := $(DEBS_run) libcmocka-dev clang clang-format clang-tidy cppcheck mandoc docker-compose
DEBS_fuzz := $(DEBS_run) libcmocka-dev clang libclang-rt-dev
DEBS_bench := $(DEBS_run) $(DEBS_servers)
DEBS_documents := $(DEBS_run) perl-doc python3-doc debian-faq manpages manpages-dev
DEBS_cluster := $(DEBS_run) etcd-client etcd-server haproxy iproute2 nftables openssl patroni $(DEBS_postgresql) \
	python3-psycopg2 systemd util-linux
DEBS_deb := $(DEBS_run) build-essential debhelper lintian
DEBS_install := $(DEBS_deb) debootstrap systemd-container iproute2
DEBS_image := $(DEBS_deb) buildah mmdebstrap
DEBS_test-image := $(DEBS_image) curl python3-yaml runc
DEBS_all := $(sort $(DEBS_test) $(DEBS_lint) $(DEBS_fuzz))
TOOLS := promtool nghttpx nginx ngx_stream_module.so haproxy caddy
TOOLS_test := $(TOOLS) wordpress
TOOLS_bench := nginx haproxy
TOOLS_documents := postgresql
TOOLS_all := $(TOOLS_test)
NPM_run := widget dashboard
NPM_test := $(NPM_run) tests
NPM_faults := $(NPM_run)
NPM_cluster := $(NPM_test)
NPM_deb := $(NPM_run)
NPM_image := $(NPM_run)
NPM_test-image := $(NPM_test)
NPM_install := $(NPM_test)
NPM_lint := $(NPM_test)
NPM_npm := widget tests
NPM_bench := widget
NPM_all := $(NPM_test)

.PHONY: deps
deps: debs ## install what is missing: Debian and npm packages (FOR=run, test or lint: only for that; YES=1 does not ask)
	@$(MAKE) -s --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j) fetched

# Node and npm may be installed from elsewhere.
.PHONY: debs
debs:
	@NPM='$(NPM_$(FOR))' systemd/packages.sh $(foreach p,$(DEBS_$(FOR)),'$p') \
		$$(command -v node >/dev/null || echo nodejs) \
		$(if $(NPM_$(FOR)),$$(command -v npm >/dev/null || echo npm))
	@$(NODE_IS_NEW)

# What mostly waits for the network.
.PHONY: fetched
fetched: $(addsuffix /node_modules/.installed,$(NPM_$(FOR))) $(addprefix got-,$(TOOLS_$(FOR)))

# A program and the packages that have it in some Debian. It is extracted, because an installed package would start
# its server.
FROM_promtool := usr/bin/promtool promtool prometheus
FROM_nghttpx := usr/sbin/nghttpx nghttp2-proxy
FROM_nginx := usr/sbin/nginx nginx
FROM_ngx_stream_module.so := usr/lib/nginx/modules/ngx_stream_module.so libnginx-mod-stream
FROM_haproxy := usr/sbin/haproxy haproxy
FROM_caddy := usr/bin/caddy caddy

# A missing tool is not an error.
GOT := $(addprefix got-,$(TOOLS_all) $(TOOLS_documents))
.PHONY: $(GOT)
$(GOT): got-%:
	@$(MAKE) -s --no-print-directory build/tools/$* || echo "No $*: what needs it is skipped."

$(TOOLS:%=build/tools/%): build/tools/%:
	@rm -rf $@.package && mkdir -p $@.package
	$(SAY) GET $*
	$(Q)cd $@.package && for p in $(wordlist 2,9,$(FROM_$*)); do \
			apt-get download -qq $$p >/dev/null 2>&1 && break; \
		done && dpkg-deb --fsys-tarfile ./*.deb | \
		tar -x -C .. --transform='s,.*/,,' ./$(firstword $(FROM_$*))
	@rm -rf $@.package

# With the files of other packages that its links name; some links lead to the configuration of an installed one.
build/tools/wordpress:
	@rm -rf $@ $@.package && mkdir -p $@.package/root
	$(SAY) GET wordpress
	$(Q)cd $@.package && apt-get download -qq wordpress php-getid3 libjs-underscore libjs-cropper >/dev/null 2>&1 && \
		for deb in ./*.deb; do dpkg-deb -x $$deb root || exit 1; done && \
		{ cp -rL root/usr/share/wordpress ready 2>/dev/null; test -e ready/wp-includes/ID3/getid3.php; } && rm ready/wp-config.php
	@mv $@.package/ready $@ && rm -rf $@.package

# Programs of it find their files by their own places.
build/tools/postgresql:
	@rm -rf $@ $@.package && mkdir -p $@.package
	$(SAY) GET postgresql
	$(Q)cd $@.package && \
		version=$$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-//p') && \
		apt-get download -qq postgresql-$$version postgresql-client-$$version libpq5 >/dev/null 2>&1 && \
		for deb in ./*.deb; do dpkg-deb -x $$deb tree || exit 1; done
	@mv $@.package/tree $@ && rm -rf $@.package

# Running and testing.
JOBS := $(shell nproc)

.PHONY: run
run: ## build, start everything in the foreground and print the addresses (DIALECT=mistral: the demo model is like that server)
	@$(MAKE) --no-print-directory deps FOR=run
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@node systemd/run.mjs

# Each recipe is one shell that becomes the runner, which so knows how much CPU time the build took.
.PHONY: test
test: ## run every test once (ONLY=e2e/resume: files with that in their path)
	@$(MAKE) --no-print-directory debs FOR=test && \
	$(MAKE) --no-print-directory -j$$(($(JOBS) + 2)) all unit fetched FOR=test && \
	exec node tests/run.mjs --build $(BUILD) $(ONLY:%=--only %) # two of the jobs wait for the network

# CHANGED=… is the branch that the changes are compared with.
CHANGED ?= main

.PHONY: test-changed
test-changed: ## run the tests of the files that changed since CHANGED=main, as far as dependencies tell
	@$(MAKE) --no-print-directory deps FOR=test && \
	$(MAKE) --no-print-directory -j$(JOBS) all unit && \
	exec node tests/run.mjs --build $(BUILD) --changed $(CHANGED)

# These tests mostly wait: more of them than there are processors run at a time.
.PHONY: test-unit
test-unit: ## run the unit tests of the C code and of the front ends (1 minute)
	@$(MAKE) --no-print-directory deps FOR=test && \
	$(MAKE) --no-print-directory -j$(JOBS) unit && \
	exec node tests/run.mjs --build $(BUILD) --parallel $$((3 * $(JOBS))) unit frontends

# Vite, Next and React 19 are 440 MB: they are installed for these tests only, in 20 seconds.
EXAMPLES := build/examples
.PHONY: test-npm
test-npm: ## build the example apps with the npm packages and drive them in Chromium (1 minute, 440 MB)
	@$(MAKE) --no-print-directory deps FOR=test
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@$(MAKE) --no-print-directory npm $(EXAMPLES)/node_modules/.installed
	@exec node tests/run.mjs --build $(BUILD) npm
$(EXAMPLES)/package%: tests/npm/package%
	@mkdir -p $(@D)
	@cp tests/npm/.npmrc $(@D) && cp $< $@

# With AddressSanitizer and UndefinedBehaviorSanitizer: only what the sample needs is built.
WITH_SANITIZERS := SAN=address,undefined
SAMPLE := --build build/address-undefined --list tests/sanitized/sample.txt

.PHONY: test-sanitized
test-sanitized: ## run the tests of tests/sanitized/sample.txt with sanitizers
	@$(MAKE) --no-print-directory deps FOR=test && \
	$(MAKE) --no-print-directory -j$(JOBS) frontends && \
	$(MAKE) --no-print-directory -j$(JOBS) $(WITH_SANITIZERS) programs unit-sample && \
	exec node tests/run.mjs $(SAMPLE) unit faults e2e

.PHONY: unit-sample
unit-sample: $(TEST_PROGRAMS) $(foreach listed,$(shell grep -o '^unit/[^ ]*' tests/sanitized/sample.txt), \
	$(filter $(BUILD)/$(listed)%,$(UNIT)) $(filter $(BUILD)/$(listed),$(UNIT)))
	$(REMOVE_OLD_UNIT)

# FAULTS_SEED=… repeats a run's choices.
.PHONY: test-long
test-long: ## all cases of the tests that `make test` samples, and all tests with sanitizers (1 hour)
	@$(MAKE) --no-print-directory deps FOR=test
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@$(MAKE) --no-print-directory -j$(JOBS) $(WITH_SANITIZERS) programs unit
	@node tests/run.mjs $(SAMPLE) --list tests/sanitized/rest.txt unit faults e2e
	@for build in build build/address-undefined; do \
		for file in exactly-once storm proxies tabs kill.test; do \
			TEST_LONG=1 FAULTS_ROUNDS=$(FAULTS_ROUNDS) \
			node tests/run.mjs --build $$build e2e faults --only $$file || exit 1; \
		done; \
	done

# FAULTS_SEED=… repeats a run, FAULTS_ROUNDS=… is how often storaged is killed (`make test`: 50 times).
FAULTS_ROUNDS ?= 200

.PHONY: test-faults
test-faults: ## test the store with kills, full disks and invalid peers (3 minutes, part of `make test`)
	@$(MAKE) --no-print-directory deps FOR=faults
	@$(MAKE) --no-print-directory -j$(JOBS) programs frontends
	@FAULTS_ROUNDS=$(FAULTS_ROUNDS) node tests/run.mjs --build $(BUILD) faults

# SEED=… runs one seed alone. The packages start their services: disable etcd, patroni, postgresql and haproxy.
SEEDS ?= 3

.PHONY: test-cluster
test-cluster: ## test three machines under random faults (needs root, 2 minutes for each of SEEDS=3)
	@$(MAKE) --no-print-directory deps FOR=cluster
	@$(MAKE) --no-print-directory -j$(JOBS) programs build/store-dump frontends
	@node tests/cluster/run.mjs --seeds $(SEEDS) $(SEED:%=--seed %)

GOALS ?= handover,owner,both

.PHONY: bench-cluster
bench-cluster: ## measure what visitors notice of lost machines and of a handover (needs root, 10 minutes)
	@$(MAKE) --no-print-directory deps FOR=cluster
	@$(MAKE) --no-print-directory -j$(JOBS) programs build/store-dump frontends
	@node tests/cluster/run.mjs --goals $(GOALS)

# New inputs go to build/fuzz/inputs, failures to build/fuzz/found.
FUZZ_SECONDS ?= 20

.PHONY: fuzz
fuzz: ## search for failing inputs with libFuzzer (FUZZ_SECONDS=20 for each of FUZZ="http_parse sse …")
	@$(MAKE) --no-print-directory deps FOR=fuzz
	@$(MAKE) --no-print-directory -j$(JOBS) CC=clang SAN=fuzzer-no-link,address,undefined \
		BUILD=build/fuzz fuzz-run

.PHONY: fuzz-run
fuzz-run: $(BUILD)/unit/test_fuzz_corpus $(addprefix $(BUILD)/fuzz_,$(FUZZ))
	@mkdir -p $(BUILD)/seeds && $< --seeds $(BUILD)/seeds
	@for t in $(FUZZ); do \
		mkdir -p $(BUILD)/inputs/$$t $(BUILD)/found/$$t; \
		if $(BUILD)/fuzz_$$t -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 \
			-artifact_prefix=$(BUILD)/found/$$t/ $(BUILD)/inputs/$$t \
			tests/fuzz/corpus/$$t $(BUILD)/seeds/$$t >$(BUILD)/$$t.log 2>&1; \
		then echo "ok     $$t: $$(tail -n 1 $(BUILD)/$$t.log)"; \
		else echo "FAILED $$t: see $(BUILD)/$$t.log"; failed=1; fi; \
	done; exit $${failed:-0}

# BENCH_STREAMS="100 1000" runs only these numbers of streams; node tests/bench/relay.mjs --help lists BENCH_ARGS.
BENCH_STREAMS ?=
BENCH_ARGS ?=

.PHONY: bench
bench: ## compare streams and short requests with nginx and haproxy (7 minutes; BENCH_ARGS="--rounds 5")
	@$(MAKE) --no-print-directory deps FOR=bench
	@$(MAKE) --no-print-directory -j$(JOBS) programs build/bench/crowd build/bench/model widget/dist/.built
	@node tests/bench/relay.mjs --nginx build/tools/nginx --haproxy build/tools/haproxy \
		$(BENCH_STREAMS:%=--streams %) $(BENCH_ARGS)
	@node tests/bench/fallback.mjs

.PHONY: bench-pages
bench-pages: ## measure the time from a message to its event in 100 open pages of an owner
	@$(MAKE) --no-print-directory deps FOR=run
	@$(MAKE) --no-print-directory -j$(JOBS) programs
	@node tests/bench/pages.mjs

.PHONY: bench-markdown
bench-markdown: ## measure the browser's main thread while a reply of 100 KB streams into the widget
	@$(MAKE) --no-print-directory deps FOR=test
	@node tests/bench/markdown.mjs

.PHONY: bench-page-load
bench-page-load: ## measure what the widget adds to a page's blocking time and layout shift, and the tasks of a long reply (100 seconds)
	@$(MAKE) --no-print-directory deps FOR=test
	@$(MAKE) --no-print-directory -j$(JOBS) programs widget/dist/.built
	@node tests/bench/page-load.mjs

.PHONY: bench-first-token
bench-first-token: ## measure the first token of a first visit over a slow network, beside deep-chat (1 minute)
	@$(MAKE) --no-print-directory deps FOR=test
	@$(MAKE) --no-print-directory -j$(JOBS) programs widget/dist/.built
	@node tests/bench/cold-visit.mjs

.PHONY: bench-store
bench-store: ## measure durable appends per second, compared with bare LMDB (1 minute)
	@$(MAKE) --no-print-directory deps FOR=run
	@$(MAKE) --no-print-directory -j$(JOBS) build/storaged build/bench/store
	@node tests/bench/store.mjs

.PHONY: bench-import
bench-import: ## measure the import of another chat's export with 100,000 messages (1 minute)
	@$(MAKE) --no-print-directory deps FOR=run
	@$(MAKE) --no-print-directory -j$(JOBS) build/storaged build/banter
	@mkdir -p build/bench && node tests/bench/import.mjs

.PHONY: bench-store-log
bench-store-log: ## measure what the commit log of several machines costs (2 minutes)
	@$(MAKE) --no-print-directory deps FOR=test
	@$(MAKE) --no-print-directory -j$(JOBS) build/storaged build/banter build/bench/store_log
	@node tests/bench/store-log.mjs

.PHONY: bench-scale
bench-scale: ## measure the store with 10,000 and with 1,000,000 messages (1 minute, 1 GB of disk)
	@$(MAKE) --no-print-directory deps FOR=run
	@$(MAKE) --no-print-directory -j$(JOBS) build/storaged build/bench/scale
	@node tests/bench/scale.mjs

.PHONY: bench-sockets
bench-sockets: ## restart the store under 100,000 silent WebSockets (3 minutes, 3 GB of memory)
	@$(MAKE) --no-print-directory deps FOR=run
	@$(MAKE) --no-print-directory -j$(JOBS) programs build/bench/silent
	@node tests/bench/sockets.mjs --one-worker
	@node tests/bench/sockets.mjs

.PHONY: bench-tenants
bench-tenants: ## measure what an organization notices while another one attacks the queues that both share (3 minutes)
	@$(MAKE) --no-print-directory deps FOR=run
	@$(MAKE) --no-print-directory -j$(JOBS) programs build/bench/fill
	@node tests/bench/tenants.mjs

.PHONY: bench-content
bench-content: ## measure what sites that are read, and questions to their content, cost: durable appends, the first token (4 minutes)
	@$(MAKE) --no-print-directory deps FOR=documents || $(MAKE) --no-print-directory deps FOR=run
	@$(MAKE) --no-print-directory -j$(JOBS) programs build/bench/beside build/bench/asker
	@node tests/bench/content.mjs
	@node tests/bench/first-token.mjs

.PHONY: bench-search
bench-search: ## measure what questions find in the owner's content, and the search index with 1,000,000 messages (3 minutes, 1 GB of disk)
	@$(MAKE) --no-print-directory deps FOR=documents || $(MAKE) --no-print-directory deps FOR=run
	@$(MAKE) --no-print-directory -j$(JOBS) build/searchd $(addprefix build/bench/,search passages passages_peer)
	@node tests/bench/passages.mjs
	@build/bench/search

.PHONY: bench-inbox
bench-inbox: ## measure searches and numbers over HTTP, with 1,000,000 messages (5 minutes, 2 GB of disk)
	@$(MAKE) --no-print-directory deps FOR=run
	@$(MAKE) --no-print-directory -j$(JOBS) programs build/bench/fill
	@node tests/bench/inbox.mjs

.PHONY: bench-dashboard
bench-dashboard: ## measure the inbox with 50,000 conversations, and a long one: first rows, scrolling, keys (3 minutes)
	@$(MAKE) --no-print-directory deps FOR=test
	@$(MAKE) --no-print-directory -j$(JOBS) programs build/bench/fill dashboard/dist/.built
	@node tests/bench/dashboard.mjs

.PHONY: bench-events
bench-events: ## measure the cost of parsing an event of the model's stream (10 seconds)
	@$(MAKE) --no-print-directory deps FOR=run
	@$(MAKE) --no-print-directory -j$(JOBS) build/bench/events
	@build/bench/events

# What is installed of DEBS_documents is read; libunistring-dev is always there.
.PHONY: bench-extract
bench-extract: ## measure how much of a page's own text is read, and how much of what is around it (30 seconds)
	@$(MAKE) --no-print-directory deps FOR=documents || $(MAKE) --no-print-directory deps FOR=run
	@$(MAKE) --no-print-directory -j$(JOBS) build/crawl-extract
	@node tests/bench/extract.mjs

.PHONY: screenshots
screenshots: all ## update the pictures of the documents, and make those to look at, in build/pictures
	@$(MAKE) --no-print-directory deps FOR=test
	node tests/browser/screenshot.mjs tests/browser/pictures
	PICTURES=1 node --test $(wildcard tests/browser/*pictures*.test.mjs tests/browser/accessible-*.test.mjs)

# Format and checks.
C_FILES = $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h')

.PHONY: format
format: ## format the C sources with clang-format and the TypeScript with Biome
	clang-format -i $(C_FILES)
	tests/node_modules/.bin/biome check --write

.PHONY: lint
lint: ## check format, folders, documents and OpenAPI; run clang-tidy, cppcheck and Biome
	@$(MAKE) --no-print-directory deps FOR=lint
	$(SAY) LINT 'layout (clang-format)'
	$(Q)clang-format --dry-run --Werror $(C_FILES)
	$(SAY) LINT 'folders, includes, names of functions'
	$(Q)node tests/lint/layout.mjs
	$(SAY) LINT 'imports of the front ends'
	$(Q)node tests/lint/imports.mjs
	$(SAY) LINT 'what Node $(NODE_OLDEST) does not have'
	$(Q)node tests/lint/node.mjs
	$(SAY) LINT 'make compiles only what changed'
	$(Q)tests/lint/rebuild.sh
	$(SAY) LINT 'links, names and commands in the documents'
	$(Q)node tests/lint/documents.mjs
	$(SAY) LINT 'openapi.json and the types made from it'
	$(Q)node tests/lint/openapi.mjs
	$(SAY) LINT 'the settings of widgets in openapi.json and widget/README.md'
	$(Q)node tests/lint/widget-settings.mjs
	$(SAY) LINT 'the man pages'
	$(Q)tests/lint/man-page.sh
	$(SAY) LINT 'the notices about software of others'
	$(Q)node tests/lint/notices.mjs
	$(SAY) LINT 'the example for containers'
	@mkdir -p build/deb # which it names: where the package will be
	$(Q)docker-compose --file systemd/container/compose.yaml config --quiet
	$(SAY) LINT cppcheck
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 -D__cppcheck__=1 \
		--include=/usr/include/$(shell gcc -print-multiarch)/sys/queue.h \
		--enable=warning,performance,portability --inline-suppr \
		--suppressions-list=tests/lint/cppcheck.txt -I. -D_GNU_SOURCE \
		-DBANTER_VERSION='"$(VERSION)"' proto masterd workerd storaged tests/stub tests/fuzz tests/bench \
		tests/http
	$(SAY) LINT clang-tidy
	$(Q)printf '%s\n' $(filter-out tests/unit/%,$(filter %.c,$(C_FILES))) | \
		xargs -P$(JOBS) -n8 sh -c 'clang-tidy --quiet "$$@" -- -I. $(LIBXML2) -D_GNU_SOURCE -std=gnu17 \
		"-DBANTER_VERSION=\"$(VERSION)\"" -fdouble-square-bracket-attributes 2>/dev/null' clang-tidy
	$(SAY) LINT 'TypeScript and JavaScript (Biome)'
	$(Q)tests/node_modules/.bin/biome ci --colors=off >/dev/null || \
		tests/node_modules/.bin/biome ci
	$(Q)cd widget && npm run --silent check
	$(Q)cd dashboard && npm run --silent check

.PHONY: clean
clean: ## remove build output (not node_modules, not data)
	rm -rf build widget/dist dashboard/dist

# Installation, by the Filesystem Hierarchy Standard. Files for systemd contain the default paths, which
# are replaced during installation. The programs are built separately, because they contain paths too.
SYSCONFDIR ?= /etc
LOCALSTATEDIR ?= /var
RUNSTATEDIR ?= /run
UNITDIR ?= $(PREFIX)/lib/systemd/system
INSTALLED := build/installed/$(VERSION)

$(INSTALLED)/obj/%: private CPPFLAGS += -DBANTER_DATA_DIR='"$(LOCALSTATEDIR)/lib/banter"' \
	-DBANTER_STORE_SOCKET='"$(RUNSTATEDIR)/banter/store.sock"' \
	-DBANTER_SEARCH_SOCKET='"$(RUNSTATEDIR)/banter/search.sock"' \
	-DBANTER_CONFIG_DIR='"$(SYSCONFDIR)/banter"'

INSTALLED_PROGRAMS := $(addprefix $(INSTALLED)/,masterd workerd storaged searchd crawld crawl-extract maild banter)

.PHONY: installed
installed: frontends shared
	@$(MAKE) --no-print-directory BUILD=$(INSTALLED) SHARED=$(OBJ) \
		$(INSTALLED_PROGRAMS) $(INSTALLED)/banter.env.5 $(INSTALLED)/bash-completion

.PHONY: shared
shared: $(filter-out $(NAMED:%=$(OBJ)/%.o), \
	$(call objects,$(PROTO) $(MASTERD) $(WORKERD) $(CRAWL) $(EXTRACT) $(MAILD) $(MEDIA) $(MEDIAD) $(STORED) $(SEARCH) $(BANTER)))

$(BUILD)/banter.env.5: systemd/man/banter.env.5.in $(BUILD)/masterd
	$(SAY) MAN $@
	$(Q)$(BUILD)/masterd --settings-mdoc | \
		sed -e '/^\.\\" SETTINGS$$/{r /dev/stdin' -e 'd}' $< > $@

$(BUILD)/bash-completion: systemd/bash-completion.sh $(BUILD)/banter
	$(SAY) BASH $@
	$(Q)systemd/bash-completion.sh $(BUILD)/banter > $@

to = "$(DESTDIR)"$(PREFIX)
relocate = sed -e 's|/usr/lib/banter|$(PREFIX)/lib/banter|g' -e 's|/usr/bin/banter|$(PREFIX)/bin/banter|g' \
	-e 's|/etc/banter|$(SYSCONFDIR)/banter|g' -e 's|/var/|$(LOCALSTATEDIR)/|g' \
	-e 's|/run/banter|$(RUNSTATEDIR)/banter|g'
# The documents, installed in the folders that their links name.
DOCUMENTS := LICENSE README.md systemd/NOTICES.md $(addsuffix /README.md,dashboard masterd proto storaged storaged/search systemd systemd/cluster systemd/container \
	systemd/models tests widget widget/wordpress widget/packages/client widget/packages/react widget/packages/telegram widget/packages/widget workerd workerd/api workerd/api/channels workerd/crawl workerd/crawl/extract workerd/mediad) \
	$(wildcard tests/browser/pictures/*.png systemd/container/compose.yaml systemd/container/Dockerfile)
# $(call put,FROM,TO,MODE): installs with fixed modes, independent of the umask.
put = $(relocate) $(1) | install -m $(or $(3),644) /dev/stdin $(2)

.PHONY: install
install: installed ## install under $(DESTDIR)$(PREFIX), including the systemd units
	install -d $(to)/bin $(to)/lib/banter $(to)/lib/sysusers.d $(to)/lib/tmpfiles.d \
		$(to)/share/banter/widget $(to)/share/banter/dashboard $(to)/share/doc/banter/examples \
		$(to)/share/bash-completion/completions $(to)/share/man/man1 $(to)/share/man/man5 $(to)/share/man/man8 "$(DESTDIR)"$(UNITDIR)
	install -m 755 $(filter-out %/banter,$(INSTALLED_PROGRAMS)) $(to)/lib/banter
	install -m 755 $(INSTALLED)/banter $(to)/bin
	$(call put,systemd/certbot-deploy-hook,$(to)/lib/banter/certbot-deploy-hook,755)
	$(call put,systemd/crawl-addresses,$(to)/lib/banter/crawl-addresses,755)
	install -d "$(DESTDIR)"$(SYSCONFDIR)/needrestart/restart.d
	$(call put,systemd/needrestart,"$(DESTDIR)"$(SYSCONFDIR)/needrestart/restart.d/banter.service,755)
	cp -r widget/dist $(to)/share/banter/widget/
	cp -r dashboard/dist $(to)/share/banter/dashboard/
	rm -f $(to)/share/banter/*/dist/.built
	chmod -R u=rwX,go=rX $(to)/share/banter
	for f in systemd/units/*; do \
		$(call put,$$f,"$(DESTDIR)"$(UNITDIR)/$${f##*/}) || exit 1; done
	for type in service socket; do \
		ln -sfn banter.$$type "$(DESTDIR)"$(UNITDIR)/banter-masterd.$$type || exit 1; done
	for f in systemd/man/*.8; do \
		$(call put,$$f,$(to)/share/man/man8/$${f##*/}) || exit 1; done
	$(call put,$(INSTALLED)/bash-completion,$(to)/share/bash-completion/completions/banter)
	$(call put,systemd/man/banter.1,$(to)/share/man/man1/banter.1)
	$(call put,$(INSTALLED)/banter.env.5,$(to)/share/man/man5/banter.env.5)
	$(call put,systemd/banter.sysusers,$(to)/lib/sysusers.d/banter.conf)
	$(call put,systemd/banter.tmpfiles,$(to)/lib/tmpfiles.d/banter.conf)
	install -d $(to)/share/banter/cluster
	for f in $(filter-out %/README.md,$(wildcard systemd/cluster/*)); do \
		$(call put,$$f,$(to)/share/banter/cluster/$${f##*/},$$(test -x $$f && echo 755 || echo 644)) || exit 1; done
	for f in $(DOCUMENTS); do install -D -m 644 $$f $(to)/share/doc/banter/$$f || exit 1; done
	install -m 644 systemd/proxies/* systemd/monitoring/* $(to)/share/doc/banter/examples
	ln -sfn ../examples $(to)/share/doc/banter/systemd/proxies
	ln -sfn ../examples $(to)/share/doc/banter/systemd/monitoring

# The package of this version, one with a higher version number to upgrade to, and a minimal Debian from this
# machine's apt mirror. The tests run without network, in a pid namespace that ends all machines.
NEWER := $(VERSION)+newer
ASIDE := unshare --pid --fork --kill-child --mount-proc
DEBIAN := build/install/root
AS_ROOT := [ "$$(id -u)" != 0 ] ||

.PHONY: test-install
test-install: ## test the package on a new Debian: install, boot, faults, upgrade, remove (needs root)
	@$(MAKE) --no-print-directory deps FOR=install
	@$(MAKE) --no-print-directory -j$$(($(JOBS) + 1)) debian programs lintian newer # one waits for the network
	@$(AS_ROOT) tests/install/root.sh $(DEBIAN) $(DEBS)/banter_$(VERSION)_*.deb
	@export BANTER_VERSION=$(VERSION) BANTER_NEWER_VERSION=$(NEWER) TEST_LONG=1; \
	if $(ASIDE) true 2>/dev/null; then \
		$(ASIDE) node tests/run.mjs install; \
	else node tests/run.mjs install; fi

# MACHINES=… and SAMPLE=… choose some of it: see the test.
.PHONY: test-fresh
test-fresh: ## follow README.md on new Debians, 12 and 13, as root and as a user, and run `make test` there (needs root, 2 hours)
	@$(MAKE) --no-print-directory deps FOR=install
	@FRESH_MACHINES=$(or $(MACHINES),all) FRESH_SAMPLE=$(or $(SAMPLE),1) node tests/run.mjs --limit 14400 fresh

.PHONY: newer
newer: frontends shared
	@$(MAKE) --no-print-directory VERSION=$(NEWER) DEBS=build/install/newer package

.PHONY: debian
debian:
	$(SAY) GET 'minimal Debian'
	@$(AS_ROOT) tests/install/root.sh $(DEBIAN)

IMAGE := build/image/banter-$(VERSION).tar

.PHONY: image
image: ## build the container image as build/image/banter-VERSION.tar, without a registry (needs root)
	@$(MAKE) --no-print-directory deps FOR=image
	@$(MAKE) --no-print-directory -j$(JOBS) image-archive

.PHONY: image-archive
image-archive: package
	$(SAY) IMAGE $(IMAGE)
	@systemd/container/image.sh $(DEBS)/banter_$(VERSION)_*.deb $(IMAGE)

.PHONY: test-image
test-image: ## boot the container image and have a chat with it (needs root)
	@$(MAKE) --no-print-directory deps FOR=test-image
	@$(MAKE) --no-print-directory -j$(JOBS) image-archive programs
	@BANTER_IMAGE=$(CURDIR)/$(IMAGE) node tests/run.mjs --only install/image install

DEBS := build/deb
DEBDIR := $(DEBS)/banter-$(VERSION)
# The time of all files in the package (https://reproducible-builds.org/specs/source-date-epoch).
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)
# The newest schema that this version reads.
SCHEMA = $(shell sed -n 's/^#define SCHEMA_VERSION \([0-9]*\).*/\1/p' storaged/engine/schema.h)

.PHONY: deb
deb: ## build the Debian package in build/deb and check it with lintian
	@$(MAKE) --no-print-directory deps FOR=deb
	@$(MAKE) --no-print-directory -j$(JOBS) lintian

.PHONY: lintian
lintian: package
	$(Q)lintian --allow-root --fail-on=error,warning $(DEBS)/banter_$(VERSION)_*.deb \
		$(DEBS)/banter-dbgsym_$(VERSION)_*.deb

.PHONY: package
package: installed
	@rm -rf $(DEBDIR) && mkdir -p $(DEBDIR)
	@cp -r systemd/debian $(DEBDIR)/
	@sed -i -e 's/@VERSION@/$(VERSION)/' -e 's/@SCHEMA@/$(SCHEMA)/g' $(DEBDIR)/debian/preinst
	@sed -e 's/@VERSION@/$(VERSION)/' -e "s/@DATE@/$$(date -uR -d @$(SOURCE_DATE_EPOCH))/" \
		systemd/debian/changelog.in > $(DEBDIR)/debian/changelog
	$(SAY) DEB $(DEBS)/banter_$(VERSION)_$(shell dpkg --print-architecture).deb
	$(Q)cd $(DEBDIR) && env -u MAKEFLAGS -u MAKELEVEL BANTER_SOURCE='$(CURDIR)' BANTER_VERSION=$(VERSION) \
		dpkg-buildpackage -b -us -uc >../build.log 2>&1 || \
		{ cat ../build.log; exit 1; }

.PHONY: help
help: ## show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | \
		awk -F'\t' '{ printf "  make %-14s %s\n", $$1, $$2 }'
