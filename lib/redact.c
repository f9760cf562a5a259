/* SPDX-License-Identifier: MIT */
#include "lib/redact.h"

#include <string.h>
#include <strings.h>

#include "lib/array.h"

#define STARS "***"
#define SPACE " \t\r\n"

struct span {
	const char *p;
	size_t len;
};

static bool is_in(char c, const char *set)
{
	return c && strchr(set, c);
}

/* Every text of the API is looked through, up to its last space: this is not a search in a set. */
static bool is_of_name(char c)
{
	char lower = (char)(c | 0x20);
	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* The name that ends before `end`, of a text that begins at `text`. */
static struct span name_before(const char *text, const char *end)
{
	const char *p = end;
	while (p > text && is_of_name(p[-1]))
		p--;
	return (struct span){ p, (size_t)(end - p) };
}

static bool ends_with(struct span name, const char *end)
{
	size_t n = strlen(end);
	return name.len >= n && strncasecmp(name.p + name.len - n, end, n) == 0;
}

static bool is_secret(struct span name)
{
	static const char *const ends[] = { "password",    "passwd",      "passphrase",
					    "pwd",         "secret",      "token",
					    "apikey",      "api_key",     "api-key",
					    "access_key",  "access-key",  "secret_key",
					    "private_key", "private-key", "authorization",
					    "credential",  "credentials" };
	static const char last[] = "detnyls"; /* the letters that those end with */
	if (name.len == 0 || !is_in((char)(name.p[name.len - 1] | 0x20), last))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends_with(name, ends[i]))
			return true;
	return false;
}

/* A word, or what stands in quotes. `ends`: what ends a word besides space and quotes. */
static struct span word_at(const char *p, const char *ends)
{
	char quote[] = { *p, 0 };
	size_t n = 0;
	if (is_in(*p, "'\""))
		return (struct span){ p + 1, strcspn(p + 1, quote) };
	while (p[n] && !is_in(p[n], SPACE "'\"") && !is_in(p[n], ends))
		n++;
	return (struct span){ p, n };
}

/* Behind "://" */
static struct span in_url(const char *p)
{
	size_t n = strcspn(p, "/?#<>'\"" SPACE), user = n;
	while (user > 0 && p[user - 1] != '@')
		user--;
	return (struct span){ p, user > 0 ? user - 1 : 0 };
}

static struct span in_assignment(const char *text, const char *equals)
{
	if (!is_secret(name_before(text, equals)))
		return (struct span){ 0 };
	return word_at(equals + 1, "&;,)}|");
}

/* A colon behind any other name is prose: "bgp.peers[0].password: expected …". */
static struct span in_header(const char *text, const char *colon)
{
	bool quoted = colon > text && is_in(colon[-1], "'\"");
	struct span name = name_before(text, quoted ? colon - 1 : colon);
	bool is_field = memchr(name.p, '-', name.len) || ends_with(name, "authorization");
	const char *value = colon + 1 + strspn(colon + 1, " \t");
	if (!is_secret(name) || !(quoted || is_field))
		return (struct span){ 0 };
	if (quoted || value == colon + 1)
		return word_at(value, ",}");
	return (struct span){ value, strcspn(value, "'\"\r\n") };
}

/* The word behind an option, which ends at `space`. */
static struct span in_option(const char *text, const char *space)
{
	struct span name = name_before(text, space);
	bool is_long = name.len > 2 && name.p[0] == '-' && name.p[1] == '-';
	bool is_user = (name.len == 2 && memcmp(name.p, "-u", 2) == 0) || ends_with(name, "--user");
	bool is_bearer = name.len == 6 && strncasecmp(name.p, "bearer", 6) == 0;
	if (!is_long && !is_user && !is_bearer)
		return (struct span){ 0 };
	struct span word = word_at(space + strspn(space, SPACE), "");
	if (is_user && memchr(word.p, ':', word.len))
		return word;
	if (is_long && is_secret(name) && word.len > 0 && word.p[0] != '-')
		return word;
	if (is_bearer && word.len >= 8)
		return word;
	return (struct span){ 0 };
}

static struct span secret_at(const char *text, const char *p)
{
	switch (*p) {
	case ':':
		return p[1] == '/' && p[2] == '/' ? in_url(p + 3) : in_header(text, p);
	case '=':
		return in_assignment(text, p);
	case ' ':
		return in_option(text, p);
	default:
		return (struct span){ 0 };
	}
}

static bool is_redacted(struct span s)
{
	return s.len <= strlen(STARS) && memcmp(s.p, STARS, s.len) == 0;
}

/* The first secret from `from` on; without length: none. */
static struct span find(const char *text, const char *from)
{
	for (const char *p = from; *(p += strcspn(p, ":= ")); p++) {
		struct span found = secret_at(text, p);
		if (found.len > 0 && !is_redacted(found))
			return found;
	}
	return (struct span){ 0 };
}

bool redact_is_needed(const char *text)
{
	return find(text, text).len > 0;
}

void redact(char *text)
{
	struct span secret;
	for (char *p = text; (secret = find(text, p)).len > 0;) {
		p = text + (secret.p - text);
		size_t keep = secret.len < strlen(STARS) ? secret.len : strlen(STARS);
		memcpy(p, STARS, keep);
		memmove(p + keep, p + secret.len, strlen(p + secret.len) + 1);
		p += keep;
	}
}
