/*
 * Imports everything that an export of a store contains into another one.
 */
#ifndef TESTS_UNIT_STORAGED_STORE_COPY_H
#define TESTS_UNIT_STORAGED_STORE_COPY_H

#include "tests/unit/storaged/store_fixture.h"

/* The banter command's request, which must succeed. */
static inline void
copy_request(struct fixture *to, enum msg_type type, const void *msg)
{
	uint64_t request = send_request(to, &to->tool, type, msg);

	commit(to);
	expect_answer(to, &to->tool, request, MSG_OK, NULL);
}

static inline void
copy_client_id(struct fixture *to, struct slice key, struct slice value)
{
	struct msg_import_client_id m = {
	    .conversation = key_front(key), .client_id = client_id_name(key)};
	struct msg_client_id_record record;

	assert_int_equal(record_decode(value, MSG_CLIENT_ID_RECORD, &record), WIRE_OK);
	m.seq = record.seq;
	copy_request(to, MSG_IMPORT_CLIENT_ID, &m);
}

static inline void
copy_login(struct fixture *to, struct slice key, struct slice value)
{
	struct msg_import_login m = {.login = value};

	memcpy(m.token.b, key.p, sizeof(m.token.b));
	copy_request(to, MSG_IMPORT_LOGIN, &m);
}

static inline void
copy_message(struct fixture *to, struct slice key, struct slice value)
{
	const struct msg_import_message m = {
	    .conversation = key_front(key), .seq = message_seq(key), .message = value};

	copy_request(to, MSG_IMPORT_MESSAGE, &m);
}

/* The files of messages; a piece of another one is left out. */
static inline void
copy_file(
    struct txn *t, struct fixture *to, enum table table, struct slice key, struct slice value)
{
	const struct id id = key_front(key);
	struct msg_file_record file;
	struct key of = key_id(&id);

	assert_int_equal(txn_get_record(t, TABLE_FILES, &of, &file), 0);
	if (id_is_zero(&file.message) && file.check != FILE_COPY)
		return;
	if (table == TABLE_FILES)
		copy_request(to, MSG_IMPORT_RECORD,
		    &(struct msg_import_record){.type = MSG_FILE_RECORD, .record = value});
	else
		copy_request(to, MSG_IMPORT_FILE_PIECE,
		    &(struct msg_import_file_piece){
			.file = id, .offset = piece_place(key), .piece = value});
}

/* A page with its chunks; one of a source that is being removed is left out. */
static inline void
copy_source_page(struct txn *t, struct fixture *to, struct slice value)
{
	struct msg_source_page_record page;
	struct key front, source;
	struct slice record;
	struct buf chunks, encoded;
	struct walk w;

	assert_int_equal(record_decode(value, MSG_SOURCE_PAGE_RECORD, &page), WIRE_OK);
	source = key_of_org(&page.org, &page.source);
	front = key_id(&page.id);
	buf_init(&chunks, WIRE_FRAME_MAX);
	buf_init(&encoded, WIRE_FRAME_MAX);
	if (txn_get(t, TABLE_SOURCES, &source, &record) == 0) {
		assert_int_equal(walk_open(&w, t, TABLE_CHUNKS, &front), 0);
		for (int rc = walk_from(&w, &front); rc == 0; rc = walk_next(&w))
			assert_int_equal(wire_list_add(&chunks, w.value), 0);
		walk_close(&w);
		page.upload = (struct id){0};
		assert_int_equal(record_encode(&encoded, MSG_SOURCE_PAGE_RECORD, &page), 0);
		copy_request(to, MSG_IMPORT_SOURCE_PAGE,
		    &(struct msg_import_source_page){
			.page = buf_slice(&encoded), .text = buf_slice(&chunks)});
	}
	buf_clear(&chunks);
	buf_clear(&encoded);
}

/* type: of the entry's record. */
static inline void
copy_entry(
    struct txn *t, struct fixture *to, enum msg_type type, struct slice key, struct slice value)
{
	const struct msg_import_record record = {.type = (uint16_t)type, .record = value};
	const struct msg_import_conversation conversation = {.conversation = value};

	if (type == MSG_CONVERSATION_RECORD)
		copy_request(to, MSG_IMPORT_CONVERSATION, &conversation);
	else if (type == MSG_MESSAGE_RECORD)
		copy_message(to, key, value);
	else if (type == MSG_CLIENT_ID_RECORD)
		copy_client_id(to, key, value);
	else if (type == MSG_LOGIN_RECORD)
		copy_login(to, key, value);
	else if (type == MSG_SOURCE_PAGE_RECORD)
		copy_source_page(t, to, value);
	else
		copy_request(to, MSG_IMPORT_RECORD, &record);
}

static inline void
copy_store(struct fixture *from, struct fixture *to)
{
	/* In the order of an export. */
	static const enum table exported[] = {TABLE_AGENTS, TABLE_WIDGETS, TABLE_ORGS,
	    TABLE_USERS, TABLE_TEAMS, TABLE_KEYS, TABLE_TAGS, TABLE_SNIPPETS, TABLE_CONTACTS,
	    TABLE_VISITORS, TABLE_WEBHOOKS, TABLE_INVITATIONS, TABLE_TOOLS, TABLE_SOURCES,
	    TABLE_SOURCE_PAGES, TABLE_ANSWERS, TABLE_CONVERSATIONS, TABLE_MESSAGES,
	    TABLE_CLIENT_IDS, TABLE_NOTES, TABLE_PAGES, TABLE_READS, TABLE_STEPS, TABLE_GAPS,
	    TABLE_MENTIONS, TABLE_FILES, TABLE_FILE_PIECES, TABLE_LOGINS, TABLE_BUDGETS,
	    TABLE_RESPONSES};
	const struct key all = {0};
	struct walk w;
	struct txn t;
	int rc;

	assert_int_equal(txn_begin(&t, &from->env, TXN_READ), 0);
	for (size_t i = 0; i < ARRAY_LEN(exported); i++) {
		assert_int_equal(walk_open(&w, &t, exported[i], &all), 0);
		for (rc = walk_from(&w, &all); rc == 0; rc = walk_next(&w))
			if (exported[i] == TABLE_FILES || exported[i] == TABLE_FILE_PIECES)
				copy_file(&t, to, exported[i], w.key, w.value);
			else
				copy_entry(&t, to, table_record(exported[i]), w.key, w.value);
		assert_int_equal(rc, MDB_NOTFOUND);
		walk_close(&w);
	}
	txn_abort(&t);
}

#endif
