/* SPDX-License-Identifier: MIT */
#include "agent/programs/tokens.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lib/str.h"

struct tokens tokens_over(const char *text, size_t len)
{
	return (struct tokens){ text, text + len };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_sign(char c)
{
	return c != 0 && strchr("[](),;", c) != NULL;
}

struct token token_next(struct tokens *t)
{
	while (t->p < t->end && is_blank(*t->p))
		t->p++;
	if (t->p < t->end && *t->p == '#')
		t->p = t->end;
	struct token token = { .p = t->p };
	if (t->p < t->end && is_sign(*t->p))
		t->p++;
	else
		while (t->p < t->end && !is_blank(*t->p) && !is_sign(*t->p))
			t->p++;
	token.len = (size_t)(t->p - token.p);
	return token;
}

struct token token_peek(const struct tokens *t)
{
	struct tokens copy = *t;
	return token_next(&copy);
}

bool token_is(struct token token, const char *word)
{
	return token.len == strlen(word) && memcmp(token.p, word, token.len) == 0;
}

bool token_is_any_case(struct token token, const char *word)
{
	return token.len == strlen(word) && strncasecmp(token.p, word, token.len) == 0;
}

bool token_match(struct tokens *t, const char *word)
{
	if (!token_is(token_peek(t), word))
		return false;
	token_next(t);
	return true;
}

bool token_copy(struct token token, char buf[static TOKEN_TEXT_MAX])
{
	size_t n = token.len < TOKEN_TEXT_MAX - 1 ? token.len : TOKEN_TEXT_MAX - 1;
	if (n > 0)
		memcpy(buf, token.p, n);
	buf[n] = 0;
	return n == token.len;
}

int token_number(struct tokens *t, const char *what, struct bgp_number *ret, struct err *err)
{
	char text[TOKEN_TEXT_MAX];
	uint64_t value;
	struct token token = token_next(t);
	if (!token_copy(token, text) || str_to_u64(text, UINT32_MAX, &value) < 0)
		return err_set(err, -EINVAL, "%s '%.*s': expected a number, 0 to 4294967295", what,
			       TOKEN_SHOWN(token));
	*ret = (struct bgp_number){ true, (uint32_t)value };
	return 0;
}

int token_list(struct tokens *t, const char *what, token_add_fn *add, void *target, struct err *err)
{
	struct token token = token_next(t);
	if (!token_is(token, "[")) {
		if (token.len == 0 || is_sign(token.p[0]))
			return err_set(err, -EINVAL, "%s: expected a value, or several in [ ]",
				       what);
		return add(token, target, err);
	}
	for (;;) {
		token = token_next(t);
		if (token_is(token, "]"))
			return 0;
		if (token_is(token, ","))
			continue;
		if (token.len == 0)
			return err_set(err, -EINVAL, "%s: the ] is missing", what);
		if (token_is(token, "(") || token_is(token, "["))
			return err_set(err, -EINVAL, "%s: sets ( ) are not sent (RFC 9774)", what);
		int rc = add(token, target, err);
		if (rc < 0)
			return rc;
	}
}
