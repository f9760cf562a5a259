/* SPDX-License-Identifier: MIT */
#include "consul/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static int broken(const struct json_scan *scan, const char *json, struct err *err)
{
	return err_set(err, -EPROTO, "broken JSON in line %zu", json_scan_line(scan, json));
}

int answer_wrong(struct err *err, const char *where, const char *what)
{
	return err_set(err, -EPROTO, "'%s' is %s", where, what);
}

json_t *answer_load(struct json_slice value)
{
	return json_loadb(value.p, value.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

bool answer_is_null(struct json_slice value)
{
	return !value.p || (value.len == 4 && memcmp(value.p, "null", 4) == 0);
}

char *answer_text(struct json_slice value, size_t *ret_len)
{
	json_t *json = value.p && *value.p == '"' ? answer_load(value) : NULL;
	char *text = NULL;
	if (json) {
		*ret_len = json_string_length(json);
		text = mem_copy(json_string_value(json), *ret_len + 1);
	}
	json_decref(json);
	return text;
}

int answer_get_text(struct json_slice value, const char *key, char **ret, size_t *ret_len,
		    struct err *err)
{
	*ret = answer_text(value, ret_len);
	if (*ret)
		return 0;
	if (!value.p)
		return answer_wrong(err, key, "missing");
	return answer_wrong(err, key, *value.p == '"' ? "broken JSON" : "not a text");
}

int answer_fields(struct json_slice value, const char *const *names, size_t n,
		  struct json_slice *ret)
{
	struct json_scan scan = json_scan_over(value.p, value.len);
	return value.p && json_scan_fields(&scan, names, n, ret) ? 0 : -EPROTO;
}

int answer_whole(const char *json, size_t len, struct json_slice *ret, struct err *err)
{
	struct json_scan scan = json_scan_over(json, len);
	struct json_slice value = json_scan_value(&scan);
	json_scan_finish(&scan);
	if (scan.failed)
		return broken(&scan, json, err);
	if (*value.p != '{' && *value.p != '[') {
		json_t *scalar = answer_load(value);
		if (!scalar)
			return broken(&scan, json, err);
		json_decref(scalar);
	}
	*ret = value;
	return 0;
}
