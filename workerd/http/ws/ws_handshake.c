/*
 * The check of the request (RFC 6455, section 4.2.1), and the accept key of the reply (section 4.2.2).
 */
#include "workerd/http/ws/ws_handshake.h"

#include <string.h>

#include <openssl/evp.h>

#include "proto/base/basics.h"
#include "workerd/http/reply.h"

/* Characters of 16 bytes in base64, with and without the padding. */
#define KEY_LEN  24u
#define KEY_CORE 22u

/* The number of fields of that name; *value gets the last one. */
static size_t
ws_handshake_find(const struct http_request *req, const char *name, struct slice *value)
{
	size_t n = 0;

	for (size_t i = 0; i < req->n_headers; i++)
		if (header_equals(req->headers[i].name, name)) {
			*value = header_trim(req->headers[i].value);
			n++;
		}
	return n;
}

/* Whether a field of that name, which is a list of tokens, has the token. */
static bool
ws_handshake_lists(const struct http_request *req, const char *name, const char *token)
{
	struct slice list, member;

	for (size_t i = 0; i < req->n_headers; i++) {
		list = req->headers[i].value;
		if (!header_equals(req->headers[i].name, name))
			continue;
		while (header_list_next(&list, &member))
			if (header_equals(member, token))
				return true;
	}
	return false;
}

static bool
ws_handshake_is_base64(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '+' || c == '/';
}

static bool
ws_handshake_is_key(struct slice key)
{
	if (key.len != KEY_LEN)
		return false;
	for (size_t i = 0; i < KEY_CORE; i++)
		if (!ws_handshake_is_base64(key.p[i]))
			return false;
	return memcmp(key.p + KEY_CORE, "==", KEY_LEN - KEY_CORE) == 0;
}

/* Connection must name Upgrade, which is for the next hop only (RFC 9110, section 7.8). */
static void
ws_handshake_want_upgrade(struct http_exchange *x, const char *message)
{
	reply_start(x, 426);
	reply_header_str(x, "Upgrade", "websocket");
	reply_header_str(x, "Connection", "Upgrade");
	reply_header_str(x, "Sec-WebSocket-Version", "13");
	reply_error_body(x, "upgrade_required", message);
}

static void
ws_handshake_refuse(struct http_exchange *x, const char *message)
{
	reply_json_error(x, 400, "bad_handshake", message);
}

bool
ws_handshake_check(struct http_exchange *x)
{
	const struct http_request *req = x->req;
	struct slice value;

	if (req->method != HTTP_GET || req->minor_version != 1 ||
	    !ws_handshake_lists(req, "upgrade", "websocket") ||
	    !ws_handshake_lists(req, "connection", "upgrade"))
		ws_handshake_want_upgrade(x, "This endpoint needs a WebSocket upgrade");
	else if (ws_handshake_find(req, "sec-websocket-version", &value) != 1 ||
	    !slice_eq_str(value, "13"))
		ws_handshake_want_upgrade(x, "Sec-WebSocket-Version must be 13");
	else if (ws_handshake_find(req, "sec-websocket-key", &value) != 1 ||
	    !ws_handshake_is_key(value))
		ws_handshake_refuse(x, "Sec-WebSocket-Key must be 16 bytes in base64");
	else if (req->content_length > 0 || req->chunked)
		ws_handshake_refuse(x, "A WebSocket request must not have a body");
	else
		return true;
	return false;
}

void
ws_handshake_accept(const struct http_request *req, char accept[WS_ACCEPT_SIZE])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t text[KEY_LEN + sizeof(guid) - 1];
	uint8_t hash[EVP_MAX_MD_SIZE], base64[WS_ACCEPT_SIZE + 1];
	struct slice key;
	unsigned len;

	must(
	    ws_handshake_find(req, "sec-websocket-key", &key) == 1 && ws_handshake_is_key(key));
	memcpy(text, key.p, KEY_LEN);
	memcpy(text + KEY_LEN, guid, sizeof(guid) - 1);
	must(EVP_Digest(text, sizeof(text), hash, &len, EVP_sha1(), NULL) == 1);
	must(EVP_EncodeBlock(base64, hash, (int)len) == WS_ACCEPT_SIZE - 1);
	memcpy(accept, base64, WS_ACCEPT_SIZE);
}
