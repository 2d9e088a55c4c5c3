/*
 * The checksum of a file: XXH3 with 64 bits, as 16 hexadecimal digits. For backups and exports.
 */
#ifndef STORAGED_CLI_FILES_FILE_SUM_H
#define STORAGED_CLI_FILES_FILE_SUM_H

#include <stddef.h>
#include <stdint.h>

#define FILE_SUM_LEN 16

struct file_sum {
	struct XXH3_state_s *state; /* NULL: not in use */
	uint64_t bytes;             /* added so far */
};

struct file_sum_text {
	char s[FILE_SUM_LEN + 1];
};

void file_sum_init(struct file_sum *s);
void file_sum_add(struct file_sum *s, const void *p, size_t n);

/* The checksum so far. */
struct file_sum_text file_sum_text(const struct file_sum *s);

void file_sum_clear(struct file_sum *s);

#endif
