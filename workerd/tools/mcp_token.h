/*
 * Access tokens of MCP servers, by the client credentials of OAuth 2.1: a client with a secret asks the authorization server's
 * token endpoint for one that is only for this MCP server (RFC 8707). A worker keeps each one until shortly before its end; a
 * server that refuses one (401) has it forgotten. Nothing here does I/O.
 */
#ifndef WORKERD_TOOLS_MCP_TOKEN_H
#define WORKERD_TOOLS_MCP_TOKEN_H

#include "proto/base/secrets.h"

#define MCP_TOKEN_MAX  4096 /* bytes */
#define MCP_TOKENS_MAX 32   /* that a worker keeps */

/* How a token is got. Borrowed. */
struct mcp_client {
	const char *url; /* the token endpoint; "": the server wants no token */
	const char *id, *secret, *scope;
	const char *resource; /* the MCP server's URL */
};

struct mcp_tokens {
	struct {
		struct hash256 client;
		char *text; /* NULL: unused */
		uint64_t until_ms;
	} all[MCP_TOKENS_MAX];
	size_t next; /* the one to be replaced */
};

/* All that a token depends on. */
struct hash256 mcp_client_hash(const struct mcp_client *client);

/* The request: its form, and the header Authorization of client_secret_basic. Empty buffers of 16 KiB. */
void mcp_client_write(const struct mcp_client *client, struct buf *form, struct buf *header);

/* Keeps the token of an answer. NULL: it has none, and why says so. Valid until the next call. */
const char *mcp_tokens_keep(struct mcp_tokens *tokens, const struct hash256 *client,
    struct slice answer, uint64_t now_ms, const char **why);

/* One that is still valid; NULL: there is none. Valid until the next call. */
const char *mcp_tokens_find(
    const struct mcp_tokens *tokens, const struct hash256 *client, uint64_t now_ms);

void mcp_tokens_forget(struct mcp_tokens *tokens, const struct hash256 *client);
void mcp_tokens_clear(struct mcp_tokens *tokens);

#endif
