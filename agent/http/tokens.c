/* SPDX-License-Identifier: MIT */
#include "agent/http/tokens.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "lib/err.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/regular_file.h"

#define TOKEN_MIN 16
#define TOKEN_MAX 512

/* Zero-padded, so that all of it can be compared whatever its length. */
struct secret {
	char bytes[TOKEN_MAX];
};

struct tokens {
	struct token {
		char *name;
		struct secret secret;
	} * items;
	size_t n;
};

/* Of the first line. */
static int parse(const char *text, struct secret *ret, struct err *err)
{
	size_t len = strcspn(text, "\r\n");
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return err_set(err, -EINVAL,
				       "its first line has a character that no token has");
	if (len < TOKEN_MIN || len > TOKEN_MAX)
		return err_set(err, -EINVAL, "its first line has %zu characters, expected %d to %d",
			       len, TOKEN_MIN, TOKEN_MAX);
	memcpy(ret->bytes, text, len);
	return 0;
}

static int read_text(const char *file, char *buf, size_t size, struct err *err)
{
	struct stat st;
	ssize_t n = regular_file_read(file, 0, buf, size - 1, &st);
	if (n < 0)
		return err_set(err, (int)n, "%s",
			       n == -EINVAL ? "it is not a regular file" : strerror((int)-n));
	if (st.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH))
		log_warn("api",
			 "%s: other users may read or write this token, mode %03o; 'chmod 600 %s'",
			 file, (unsigned)st.st_mode & 0777, file);
	buf[n] = 0;
	return 0;
}

static int read_secret(const char *file, struct secret *ret, struct err *err)
{
	char buf[TOKEN_MAX + 3] = ""; /* with the end of its line */
	int rc = read_text(file, buf, sizeof(buf), err);
	if (rc == 0)
		rc = parse(buf, ret, err);
	explicit_bzero(buf, sizeof(buf));
	return rc;
}

struct tokens *tokens_new(const struct api_grants *grants, tokens_failed_cb *failed, void *userdata)
{
	struct tokens *t = mem_new(1, sizeof(*t));
	t->items = mem_new(grants->n + 1, sizeof(*t->items));
	for (size_t i = 0; i < grants->n; i++) {
		struct err err = { "" };
		const struct api_grant *grant = &grants->items[i];
		if (read_secret(grant->file, &t->items[t->n].secret, &err) < 0)
			failed(i, &err, userdata);
		else
			t->items[t->n++].name = mem_strdup(grant->name);
	}
	return t;
}

void tokens_free(struct tokens *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++) {
		free(t->items[i].name);
		explicit_bzero(&t->items[i].secret, sizeof(t->items[i].secret));
	}
	free(t->items);
	free(t);
}

static bool same(const struct secret *a, const struct secret *b)
{
	volatile uint8_t differences = 0;
	for (size_t i = 0; i < sizeof(a->bytes); i++)
		differences |= (uint8_t)(a->bytes[i] ^ b->bytes[i]);
	return differences == 0;
}

bool tokens_is_bearer(const char *authorization)
{
	static const char scheme[] = "Bearer";
	const size_t len = sizeof(scheme) - 1;
	return strncasecmp(authorization, scheme, len) == 0 &&
	       (authorization[len] == ' ' || authorization[len] == 0);
}

const char *tokens_find(const struct tokens *t, const char *authorization)
{
	static const char scheme[] = "Bearer ";
	struct secret given = { "" };
	const char *found = NULL;
	if (strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
		return NULL;
	const char *token = authorization + sizeof(scheme) - 1;
	token += strspn(token, " ");
	size_t len = strlen(token);
	if (len < TOKEN_MIN || len > TOKEN_MAX)
		return NULL;
	memcpy(given.bytes, token, len);
	for (size_t i = 0; i < t->n; i++)
		if (same(&given, &t->items[i].secret))
			found = t->items[i].name;
	explicit_bzero(&given, sizeof(given));
	return found;
}
