/*
 * The C types of settings, one for each kind in settings.def, and lookups in the lists among them.
 */
#ifndef PROTO_SETTINGS_SETTING_VALUES_H
#define PROTO_SETTINGS_SETTING_VALUES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "proto/base/buf.h"
#include "proto/base/log.h"
#include "proto/base/network.h"

#define SETTING_WHY_MAX 256 /* bytes of what a setting must be */

enum model_api { MODEL_API_AUTO, MODEL_API_CHAT, MODEL_API_RESPONSES };

/* How much detail a model is asked to see of pictures. */
enum picture_detail { PICTURES_OFF, PICTURES_AUTO, PICTURES_LOW, PICTURES_HIGH };

enum app_env { APP_ENV_DEVELOPMENT, APP_ENV_PRODUCTION, APP_ENV_TEST };

#define SETTINGS_LISTEN_MAX  16
#define SETTINGS_ORIGINS_MAX 64
#define SETTINGS_NAMED_MAX   16

#define MODEL_SERVER_NAME_MAX 64 /* characters, each of a-z, 0-9, - and _ */

#define MODEL_HEADERS_MAX       16   /* of a model server */
#define MODEL_HEADERS_BYTES_MAX 4096 /* of their names and values */

struct listen_address {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* Empty: the setting is unset. */
struct listen_list {
	size_t n;
	struct listen_address at[SETTINGS_LISTEN_MAX];
};

/* Origins in normal form: lower-case scheme and host, no default port (RFC 6454, section 6.2). */
struct origin_list {
	bool any; /* "*" */
	size_t n;
	char *at[SETTINGS_ORIGINS_MAX];
};

/* Values by name; names are unique. */
struct named_list {
	size_t n;
	struct named_value {
		char *name, *value;
	} at[SETTINGS_NAMED_MAX];
};

/* A field of each request to a model server. */
struct model_header {
	char *name, *value;
};

/* The content of MODEL_SERVERS_FILE. Names are unique. */
struct model_servers_file {
	char *path;       /* NULL: the setting is unset */
	bool has_secrets; /* in the file itself: keys, or headers, which may be keys */
	char *exposed;    /* path of a file with secrets that every user can read; NULL: none */
	size_t n;
	struct model_server_entry {
		char *name, *url;
		char *key; /* NULL: none */
		enum model_api api;
		bool repaired; /* url is not what the file says */
		struct model_header *headers;
		size_t headers_n;
	} at[SETTINGS_NAMED_MAX];
};

/* A number with three decimal places. */
struct setting_decimal {
	bool given;
	uint32_t thousandths;
};

typedef uint32_t setting_c_COUNT; /* 0: unset */
typedef struct setting_decimal setting_c_DECIMAL;
typedef uint64_t setting_c_BYTES;
typedef char *setting_c_TEXT; /* NULL: unset */
typedef char *setting_c_SMTP; /* NULL: unset */
typedef char *setting_c_USER; /* NULL: unset */
typedef char *setting_c_URL;
typedef char *setting_c_PROXY;
typedef char *setting_c_PATH;
typedef char *setting_c_FILE;
typedef enum app_env setting_c_ENV;
typedef enum model_api setting_c_API;
typedef enum log_level setting_c_LEVEL;
typedef struct origin_list setting_c_ORIGINS;
typedef struct listen_list setting_c_LISTEN;
typedef struct network_list setting_c_NETWORKS;
typedef struct named_list setting_c_SERVERS; /* URLs without a slash at the end of their path */
typedef struct named_list setting_c_SECRETS;
typedef struct model_servers_file setting_c_SERVERS_FILE;

/* Whether text is a host with an optional ":" and port (1 to 65535), and nothing else. An IPv6 address
 * is in brackets. */
bool origin_is_authority(const char *text);

/* The "host[:port]" of a URL, from the text behind its "://": without the user name and password that
 * may precede it, and without the path and the query. The caller frees the result. */
char *setting_url_authority(const char *text);

/* What banter adds to the address of a model server. An address that has it already is used without. */
#define SETTING_URL_ADDED "/chat/completions"

/* A URL with a path behind its own, before its query if it has one. The caller frees the result. */
char *setting_url_join(const char *base, const char *path);

/* An origin (scheme://host, optionally :port) in the form in which browsers send it (RFC 6454,
 * section 6.2): lower case, without the scheme's default port. The caller frees the result; NULL if
 * text is not an origin. */
char *origin_normalize(const char *text);

/* Whether the list contains the value of a browser's Origin header. Compares exactly: a serialized
 * origin (RFC 6454) has one spelling; another case or port is another origin. */
bool origin_list_has(const struct origin_list *list, struct slice origin);

/* The value with this name, or NULL. */
const char *named_list_find(const struct named_list *list, struct slice name);

#endif
