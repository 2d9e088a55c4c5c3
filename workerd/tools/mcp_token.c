#include "workerd/tools/mcp_token.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/basics.h"

#define EARLY_MS   30000u         /* before its end, a token is not used any more */
#define LONGEST_MS (3600u * 1000) /* one is not kept for longer */
#define CLIENT_MAX 16384u

struct hash256
mcp_client_hash(const struct mcp_client *client)
{
	const char *parts[] = {
	    client->url, client->id, client->secret, client->scope, client->resource};
	struct hash256 hash;
	struct buf all;

	buf_init(&all, CLIENT_MAX);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		must(buf_append(&all, parts[i], strlen(parts[i]) + 1) == 0);
	hash = secret_hash(buf_slice(&all));
	buf_wipe(&all);
	return hash;
}

/* As application/x-www-form-urlencoded. */
static void
mcp_form_write(struct buf *out, const char *text)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

	for (; *text != '\0'; text++)
		if (strchr(plain, *text) != NULL)
			must(buf_append(out, text, 1) == 0);
		else
			must(buf_printf(out, "%%%02X", (unsigned char)*text) == 0);
}

void
mcp_client_write(const struct mcp_client *client, struct buf *form, struct buf *header)
{
	struct buf pair;
	uint8_t *to;

	must(buf_append_str(form, "grant_type=client_credentials&resource=") == 0);
	mcp_form_write(form, client->resource);
	if (client->scope[0] != '\0') {
		must(buf_append_str(form, "&scope=") == 0);
		mcp_form_write(form, client->scope);
	}
	buf_init(&pair, CLIENT_MAX);
	mcp_form_write(&pair, client->id);
	must(buf_append_str(&pair, ":") == 0);
	mcp_form_write(&pair, client->secret);
	must(buf_append_str(header, "Basic ") == 0);
	to = buf_reserve(header, 4 * ((buf_len(&pair) + 2) / 3) + 1);
	must(to != NULL);
	buf_commit(header, (size_t)EVP_EncodeBlock(to, buf_data(&pair), (int)buf_len(&pair)));
	buf_wipe(&pair);
}

/* Visible ASCII, as it stands in a header. */
static bool
mcp_token_is_valid(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (*c < 0x21 || *c > 0x7e)
			return false;
	return *text != '\0' && strlen(text) <= MCP_TOKEN_MAX;
}

static void
mcp_tokens_drop(struct mcp_tokens *tokens, size_t i)
{
	if (tokens->all[i].text != NULL)
		explicit_bzero(tokens->all[i].text, strlen(tokens->all[i].text));
	free(tokens->all[i].text);
	tokens->all[i].text = NULL;
}

const char *
mcp_tokens_keep(struct mcp_tokens *tokens, const struct hash256 *client, struct slice answer,
    uint64_t now_ms, const char **why)
{
	json_t *json = json_loadb((const char *)answer.p, answer.len, 0, NULL);
	const char *text = json_string_value(json_object_get(json, "access_token"));
	const char *type = json_string_value(json_object_get(json, "token_type"));
	const double seconds = json_number_value(json_object_get(json, "expires_in"));
	const size_t i = tokens->next++ % MCP_TOKENS_MAX;
	const double ms = seconds * 1000;

	*why = "the authorization server did not answer with a bearer token";
	mcp_tokens_drop(tokens, i);
	if (text != NULL && type != NULL && strcasecmp(type, "bearer") == 0 &&
	    mcp_token_is_valid(text)) {
		tokens->all[i].client = *client;
		tokens->all[i].text = slice_strdup(slice_str(text));
		/* Without a time, it is for this call. */
		tokens->all[i].until_ms = now_ms +
		    (ms > LONGEST_MS        ? LONGEST_MS
			    : ms > EARLY_MS ? (uint64_t)ms - EARLY_MS
					    : 0);
	}
	json_decref(json);
	return tokens->all[i].text;
}

const char *
mcp_tokens_find(const struct mcp_tokens *tokens, const struct hash256 *client, uint64_t now_ms)
{
	for (size_t i = 0; i < MCP_TOKENS_MAX; i++)
		if (tokens->all[i].text != NULL && tokens->all[i].until_ms > now_ms &&
		    hash_equal(&tokens->all[i].client, client))
			return tokens->all[i].text;
	return NULL;
}

void
mcp_tokens_forget(struct mcp_tokens *tokens, const struct hash256 *client)
{
	for (size_t i = 0; i < MCP_TOKENS_MAX; i++)
		if (tokens->all[i].text != NULL && hash_equal(&tokens->all[i].client, client))
			mcp_tokens_drop(tokens, i);
}

void
mcp_tokens_clear(struct mcp_tokens *tokens)
{
	for (size_t i = 0; i < MCP_TOKENS_MAX; i++)
		mcp_tokens_drop(tokens, i);
}
