/* SPDX-License-Identifier: MIT */
#include "agent/cli/json_at.h"

#include <string.h>

const json_t *json_at(const json_t *object, const char *path)
{
	char key[48];
	while (object && *path) {
		size_t len = strcspn(path, ".");
		size_t n = len < sizeof(key) - 1 ? len : sizeof(key) - 1;
		memcpy(key, path, n);
		key[n] = 0;
		object = json_object_get(object, key);
		path += len + (path[len] == '.');
	}
	return object;
}

const char *text_at(const json_t *object, const char *path)
{
	const char *text = json_string_value(json_at(object, path));
	return text ? text : "";
}

double number_at(const json_t *object, const char *path)
{
	const json_t *value = json_at(object, path);
	return json_is_number(value) ? json_number_value(value) : -1;
}

long long count_at(const json_t *object, const char *path)
{
	const json_t *value = json_at(object, path);
	return json_is_integer(value) ? json_integer_value(value) : -1;
}

bool true_at(const json_t *object, const char *path)
{
	return json_is_true(json_at(object, path));
}
