/* SPDX-License-Identifier: MIT */
#include "agent/store/confirm_mark.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"

static const char *const names[] = {
	[CONFIRM_UNCONFIRMED] = "unconfirmed",
	[CONFIRM_ROLLED_BACK] = "rolled-back",
};

int confirm_mark_format(const struct confirm_mark *mark, char *buf, size_t size)
{
	char by[CONFIRM_BY_MAX];
	buf[0] = 0;
	if (mark->state == CONFIRM_NONE)
		return 0;
	str_copy(by, sizeof(by), mark->by);
	for (char *p = by; *p; p++)
		*p = iscntrl((unsigned char)*p) ? '?' : *p;
	if (strchr(mark->file, '\n'))
		return -EINVAL;
	int n = snprintf(buf, size, "vipherald %s\nsha256 %s\nat %s\nby %s\nfile %s\n",
			 names[mark->state], mark->sha256, mark->at, by, mark->file);
	return n >= 0 && (size_t)n < size ? 0 : -EINVAL;
}

/* "WORD value\n" at *text, which moves behind it. */
static int read_line(const char **text, const char *word, char *ret, size_t size)
{
	size_t n = strlen(word);
	if (strncmp(*text, word, n) != 0 || (*text)[n] != ' ')
		return -EINVAL;
	const char *value = *text + n + 1;
	size_t len = strcspn(value, "\n");
	if (value[len] != '\n' || len >= size)
		return -EINVAL;
	memcpy(ret, value, len);
	ret[len] = 0;
	*text = value + len + 1;
	return 0;
}

static bool is_hash(const char text[static SHA256_TEXT_MAX])
{
	return strspn(text, "0123456789abcdef") == SHA256_TEXT_MAX - 1;
}

int confirm_mark_parse(const char *text, struct confirm_mark *ret)
{
	char state[16];
	struct confirm_mark m = { .state = CONFIRM_NONE };
	if (read_line(&text, "vipherald", state, sizeof(state)) < 0 ||
	    read_line(&text, "sha256", m.sha256, sizeof(m.sha256)) < 0 ||
	    read_line(&text, "at", m.at, sizeof(m.at)) < 0 ||
	    read_line(&text, "by", m.by, sizeof(m.by)) < 0 ||
	    read_line(&text, "file", m.file, sizeof(m.file)) < 0 || *text || !is_hash(m.sha256))
		return -EINVAL;
	for (int i = CONFIRM_UNCONFIRMED; i <= CONFIRM_ROLLED_BACK; i++)
		if (str_equal(state, names[i]))
			m.state = (enum confirm_state)i;
	if (m.state == CONFIRM_NONE)
		return -EINVAL;
	*ret = m;
	return 0;
}
