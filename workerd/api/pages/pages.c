/*
 * Static files and pages. The dashboard is one page for all of its paths; the guard redirects callers
 * without a session to /login.
 */
#include "workerd/api/pages/pages.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/http/static_files.h"

#define FOLDER_FILES_MAX 320

#define CACHE_FOREVER \
	"public, max-age=31536000, immutable" /* the file's name has a hash of its content */
#define CACHE_CHECK "no-cache"                /* cached, but revalidated each time */

/* No inline script or style, nothing from other origins. */
#define PAGE_CSP PAGE_CSP_OF("")

/* But pictures: those of users and agents are on any server, and those of visitors are bytes that the page has checked. */
#define DASHBOARD_CSP PAGE_CSP_OF(" blob: https:")

#define PAGE_CSP_OF(images)                                                          \
	"default-src 'none'; script-src 'self'; style-src 'self'; "                  \
	"img-src 'self' data:" images "; "                                           \
	"connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; " \
	"frame-ancestors 'none'"

/* The files of one folder, by name. */
struct folder {
	size_t n;
	struct {
		char *name;
		struct static_file *asset;
	} files[FOLDER_FILES_MAX];
};

struct pages {
	struct static_file *widget, *dashboard, *widget_test, *headless_test, *chat;
	struct folder dashboard_assets, demo, widget_files, languages;
};

static const char *
pages_content_type(const char *name)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
	    {".js", "application/javascript; charset=utf-8"},
	    {".css", "text/css; charset=utf-8"},
	    {".html", "text/html; charset=utf-8"},
	    {".svg", "image/svg+xml"},
	    {".png", "image/png"},
	    {".woff2", "font/woff2"},
	    {".json", "application/json; charset=utf-8"},
	    {".d.ts", "text/plain; charset=utf-8"},
	};
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		size_t n = strlen(types[i].suffix);

		if (len > n && strcmp(name + len - n, types[i].suffix) == 0)
			return types[i].type;
	}
	return NULL;
}

static struct static_file *
pages_load_file(const char *dir, const char *relpath)
{
	struct static_file *a = static_file_load(dir, relpath, pages_content_type(relpath));

	if (a == NULL)
		log_event(LOG_WARN, "file_missing", L_STR("dir", dir), L_STR("file", relpath),
		    L_ERRNO(), L_STR("hint", "`make` builds it"));
	return a;
}

/* Loads every file of root/path with a known type; static_files finds their compressed variants. */
static void
pages_load_folder(struct folder *f, const char *root, const char *path)
{
	char dir[PATH_MAX];
	struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/%s", root, path);
	d = opendir(dir);
	if (d == NULL) {
		log_event(LOG_WARN, "folder_missing", L_STR("dir", dir), L_ERRNO());
		return;
	}
	while ((e = readdir(d)) != NULL) {
		struct static_file *a;

		if (pages_content_type(e->d_name) == NULL ||
		    (a = pages_load_file(dir, e->d_name)) == NULL)
			continue;
		if (f->n ==
		    FOLDER_FILES_MAX) { /* the build of the dashboard has this limit, too */
			log_event(LOG_ERROR, "folder_full", L_STR("dir", dir),
			    L_STR("file", e->d_name));
			static_file_free(a);
			break;
		}
		f->files[f->n].name = xstrdup(e->d_name);
		f->files[f->n++].asset = a;
	}
	closedir(d);
}

static void
pages_folder_clear(struct folder *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->files[i].name);
		static_file_free(f->files[i].asset);
	}
	f->n = 0;
}

/* The folder of this program's files: DIR/build/workerd → DIR, and PREFIX/lib/banter/workerd →
 * PREFIX/share/banter. */
static void
pages_root(char root[PATH_MAX])
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *build;

	must(n > 0);
	exe[n] = '\0';
	/* The last "/build/": sanitizer builds are one folder deeper. */
	build = strstr(exe, "/build/");
	for (char *next = build; next != NULL; next = strstr(next + 1, "/build/"))
		build = next;
	if (build != NULL) {
		*build = '\0';
		strlcpy(root, exe, PATH_MAX);
		return;
	}
	for (int up = 0; up < 3; up++) {
		char *slash = strrchr(exe, '/');

		if (slash != NULL)
			*slash = '\0';
	}
	snprintf(root, PATH_MAX, "%.*s/share/banter", PATH_MAX - 32, exe);
}

/* The bundle named by WIDGET_BUNDLE_PATH. */
static struct static_file *
pages_load_bundle(const char *path)
{
	char *copy = xstrdup(path);
	char *slash = strrchr(copy, '/');
	struct static_file *a;

	if (slash != NULL)
		*slash = '\0';
	a = slash == NULL ? pages_load_file(".", copy)
			  : pages_load_file(slash == copy ? "/" : copy, slash + 1);
	free(copy);
	return a;
}

struct pages *
pages_load(const struct settings *settings)
{
	struct pages *p = xcalloc(1, sizeof(*p));
	char root[PATH_MAX];

	if (settings->asset_dir != NULL)
		strlcpy(root, settings->asset_dir, sizeof(root));
	else
		pages_root(root);
	p->widget = settings->widget_bundle_path != NULL
	    ? pages_load_bundle(settings->widget_bundle_path)
	    : pages_load_file(root, "widget/dist/chat-widget.js");
	p->widget_test = pages_load_file(root, "widget/dist/widget-test.html");
	p->headless_test = pages_load_file(root, "widget/dist/headless-test.html");
	p->chat = pages_load_file(root, "widget/dist/chat.html");
	p->dashboard = pages_load_file(root, "dashboard/dist/index.html");
	pages_load_folder(&p->demo, root, "widget/dist/demo");
	pages_load_folder(&p->widget_files, root, "widget/dist");
	pages_load_folder(&p->languages, root, "widget/dist/lang");
	pages_load_folder(&p->dashboard_assets, root, "dashboard/dist/assets");
	return p;
}

void
pages_free(struct pages *p)
{
	if (p == NULL)
		return;
	static_file_free(p->widget);
	static_file_free(p->widget_test);
	static_file_free(p->headless_test);
	static_file_free(p->chat);
	static_file_free(p->dashboard);
	pages_folder_clear(&p->demo);
	pages_folder_clear(&p->widget_files);
	pages_folder_clear(&p->languages);
	pages_folder_clear(&p->dashboard_assets);
	free(p);
}

static void
pages_reply_missing(struct http_exchange *x)
{
	reply_json_error(x, 404, "not_found", "Not found");
}

static void
pages_reply_asset(struct http_exchange *x, const struct static_file *a, const char *cache)
{
	if (a == NULL)
		pages_reply_missing(x);
	else
		static_file_reply(x, a, cache);
}

static void
pages_reply_page(
    struct http_exchange *x, int status, const struct static_file *a, const char *csp)
{
	if (a == NULL) {
		reply_json_error(x, 404, "not_built", "This page is not installed");
		return;
	}
	reply_start(x, status);
	reply_header_str(x, "Content-Security-Policy", csp);
	static_file_reply_body(x, a, "no-store");
}

static void
pages_reply_from_folder(
    struct http_exchange *x, const struct folder *f, struct slice name, const char *cache)
{
	const struct static_file *found = NULL;

	for (size_t i = 0; i < f->n; i++)
		if (slice_eq_str(name, f->files[i].name))
			found = f->files[i].asset;
	pages_reply_asset(x, found, cache);
}

/* Cache-Control of the widget's script (API.md, section 3). */
static const char *
pages_bundle_cache(const struct api *api, const char *production)
{
	return api->settings->app_env == APP_ENV_DEVELOPMENT ? "no-store" : production;
}

/* A file of the widget that other sites load. */
static void
pages_reply_widget_file(struct http_exchange *x, const struct static_file *a, const char *cache)
{
	if (a == NULL) {
		pages_reply_missing(x);
		return;
	}
	reply_start(x, static_file_status(x, a));
	reply_header_str(x, "Cross-Origin-Resource-Policy", "cross-origin");
	static_file_reply_body(x, a, cache);
}

/*
 * The bytes of a name before its hash: "chat-app-", "de-". A name without a hash is a prefix as a whole.
 */
static struct slice
pages_name_stem(struct slice name)
{
	const uint8_t *dash = name.len == 0 ? NULL : memrchr(name.p, '-', name.len);

	return dash == NULL ? name : (struct slice){name.p, (size_t)(dash - name.p) + 1};
}

/* Whether a script of the widget loads files with this stem: chat-app-, or chat-part-NAME-. */
static bool
pages_is_loaded_by_widget(struct slice stem)
{
	static const char part[] = "chat-part-";
	const size_t n = sizeof(part) - 1;

	return slice_eq_str(stem, "chat-app-") ||
	    (stem.len > n && memcmp(stem.p, part, n) == 0);
}

/*
 * The file with this name. A browser may still have an older script, which asks for another hash: it gets
 * today's file, uncached.
 */
static void
pages_reply_hashed(struct http_exchange *x, const struct folder *f, struct slice name)
{
	struct slice stem = pages_name_stem(name);
	const struct static_file *found = NULL;
	const char *cache = "no-store";

	for (size_t i = 0; i < f->n; i++) {
		struct slice known = slice_str(f->files[i].name);

		if (slice_eq(name, known)) {
			found = f->files[i].asset;
			cache = CACHE_FOREVER;
			break;
		}
		if (slice_eq(stem, pages_name_stem(known)))
			found = f->files[i].asset;
	}
	pages_reply_widget_file(x, found, cache);
}

/* The page APIs of other chats, which a page refers to by their names. */
static bool
pages_is_shim(struct slice name)
{
	return slice_eq_str(name, "intercom.js") || slice_eq_str(name, "crisp.js") ||
	    slice_eq_str(name, "chatwoot.js");
}

static void
pages_reply_shim(const struct api_call *c, struct slice name)
{
	const struct folder *f = &c->api->pages->widget_files;
	const struct static_file *found = NULL;

	for (size_t i = 0; i < f->n; i++)
		if (slice_eq_str(name, f->files[i].name))
			found = f->files[i].asset;
	pages_reply_widget_file(
	    c->x, found, pages_bundle_cache(c->api, "public, max-age=3600"));
}

void
handle_widget_file(const struct api_call *c)
{
	static const char types[] = "banter.d.ts";
	const struct folder *files = &c->api->pages->widget_files;
	uint8_t text[ROUTER_CAPTURE_MAX];
	struct slice name = router_capture(&c->match, 0, text);

	if (pages_is_loaded_by_widget(pages_name_stem(name)))
		pages_reply_hashed(c->x, files, name);
	else if (pages_is_shim(name))
		pages_reply_shim(c, name);
	else if (slice_eq_str(name, types))
		pages_reply_from_folder(c->x, files, name, CACHE_CHECK);
	else
		pages_reply_missing(c->x);
}

void
handle_widget_language(const struct api_call *c)
{
	uint8_t text[ROUTER_CAPTURE_MAX];

	pages_reply_hashed(c->x, &c->api->pages->languages, router_capture(&c->match, 0, text));
}

/* Every site may embed the script, also a cross-origin isolated one. */
static void
pages_reply_bundle(const struct api_call *c, const char *cache)
{
	const struct static_file *bundle = c->api->pages->widget;

	pages_reply_widget_file(c->x, bundle, pages_bundle_cache(c->api, cache));
}

void
handle_widget_bundle(const struct api_call *c)
{
	pages_reply_bundle(c, "public, max-age=300");
}

void
handle_widget_embed(const struct api_call *c)
{
	pages_reply_bundle(c, "public, max-age=3600");
}

void
handle_page_dashboard(const struct api_call *c)
{
	pages_reply_page(c->x, 200, c->api->pages->dashboard, DASHBOARD_CSP);
}

void
page_unknown(const struct api_call *c)
{
	pages_reply_page(c->x, 404, c->api->pages->dashboard, DASHBOARD_CSP);
}

void
handle_page_chat(const struct api_call *c)
{
	pages_reply_page(c->x, 200, c->api->pages->chat, DASHBOARD_CSP);
}

void
handle_page_widget_test(const struct api_call *c)
{
	pages_reply_page(c->x, 200, c->api->pages->widget_test, PAGE_CSP);
}

void
handle_page_headless_test(const struct api_call *c)
{
	pages_reply_page(c->x, 200, c->api->pages->headless_test, PAGE_CSP);
}

void
handle_page_asset(const struct api_call *c)
{
	uint8_t text[ROUTER_CAPTURE_MAX];
	struct slice name = router_capture(&c->match, 0, text);
	/* The build appends a dash and a hash to a file's name. */
	bool hashed = memchr(name.p, '-', name.len) != NULL;

	pages_reply_from_folder(
	    c->x, &c->api->pages->dashboard_assets, name, hashed ? CACHE_FOREVER : CACHE_CHECK);
}

void
handle_page_demo(const struct api_call *c)
{
	uint8_t text[ROUTER_CAPTURE_MAX];

	pages_reply_from_folder(
	    c->x, &c->api->pages->demo, router_capture(&c->match, 0, text), CACHE_CHECK);
}
